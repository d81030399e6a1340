from dataclasses import dataclass

from contracts.ingest import SearchResults
from ingest.application.ports import ChunkIndex, DocumentReads, Embedder
from ingest.application.views import passage_view


@dataclass(frozen=True, kw_only=True)
class SearchDocuments:
    """The index proposes, the store decides: a hit that it doesn't know (any more) isn't shown."""

    embedder: Embedder
    index: ChunkIndex
    reads: DocumentReads

    async def __call__(self, query: str, limit: int) -> SearchResults:
        vectors = await self.embedder.embed([query])
        hits = await self.index.search(query, vectors[0], limit)
        chunks = await self.reads.passages([hit.chunk_id for hit in hits])
        return SearchResults(
            items=[
                passage_view(chunks[hit.chunk_id], hit) for hit in hits if hit.chunk_id in chunks
            ]
        )
