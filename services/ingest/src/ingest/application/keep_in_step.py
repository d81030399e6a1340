"""Index and files follow the store: what it has removed goes, what the index lost comes back."""

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ingest.application.ports import ChunkIndex, DocumentFiles, Embedder, Upkeep

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Housekeeping:
    """All of it may run beside everything else, and be cut off at any point and run again."""

    store: Upkeep
    index: ChunkIndex
    files: DocumentFiles
    embedder: Embedder

    async def reconcile(self) -> None:
        """Give the index the documents it lacks, and take from it those the store doesn't know."""
        # The index is asked first: what is put into it meanwhile has its row in the store already.
        found = await self.index.chunk_counts()
        expected = await self.store.chunk_counts()
        for document_id in found.keys() - expected.keys():
            if not await self.store.is_known(document_id):
                await self.index.remove(document_id)
                log.info("document %s is unknown and has left the index", document_id)
        for document_id, count in expected.items():
            if found.get(document_id) != count:
                await self._put_again(document_id)

    async def finish_removals(self) -> None:
        """Take removed documents out of the index, and their files off the disk."""
        for document_id, removed_at in (await self.store.removed()).items():
            await self.index.remove(document_id)
            await self.files.remove(document_id)
            await self.store.forget(document_id, removed_at)

    async def drop_unclaimed(self, *, saved_before: datetime) -> None:
        """Remove uploads that no command has claimed; accepted ones wait for their turn."""
        for document_id in await self.files.saved_before(saved_before):
            if not await self.store.is_claimed(document_id):
                await self.files.remove(document_id)
                log.info("upload %s was never claimed and is gone", document_id)

    async def _put_again(self, document_id: UUID) -> None:
        chunks = await self.store.chunks(document_id)
        vectors = await self.embedder.embed([chunk.searchable_text for chunk in chunks])
        await self.index.put(document_id, chunks, vectors)
        if not await self.store.is_known(document_id):
            await self.index.remove(document_id)
            return
        await self.store.embedded_anew(document_id, self.embedder.model)
        log.info("document %s is in the index again, in %d chunks", document_id, len(chunks))
