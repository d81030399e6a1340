import asyncio
import json
import logging
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import numpy as np
import qdrant_edge as qdrant
from numpy.typing import NDArray

from ingest.application.ports import IndexHit, Vectors
from ingest.domain.chunks import Chunk
from ingest.domain.fusion import RankFusion

_DENSE = "dense"
_BM25 = "bm25"
_DOCUMENT = "document_id"
_DIMENSIONS = 384
_LAYOUT = 1
_POINTS_AT_ONCE = 100
_CANDIDATES_PER_HIT = 5
_FEWEST_CANDIDATES = 40
_MOST_DOCUMENTS = 1_000_000
# Words that ask, beside the stop words of English: they say nothing about what is asked for.
_ASKING = {
    *("much", "many", "would", "could", "please", "like", "want", "know", "tell", "get"),
    *("may", "happen", "happens"),
}

_FUSION = RankFusion()

_Result = TypeVar("_Result")
_log = logging.getLogger(__name__)


class IndexInUse(Exception):
    """Another process has the index open; it allows one."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"another process has the index in {folder} open")


class QdrantEdgeIndex:
    """Chunks in one Qdrant Edge shard: a dense vector (cosine) and a sparse one (BM25) each.

    The shard's log keeps every update through a crash of the process; the flush at the end of
    `put` and `remove` keeps it through a crash of the machine. All calls run on one thread, off
    the event loop.
    """

    def __init__(self, folder: Path, embedding_model: str, fusion: RankFusion = _FUSION) -> None:
        self._bm25 = qdrant.Bm25(_bm25_config())
        self._fusion = fusion
        self._shard = _open(folder, embedding_model)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="qdrant-edge")

    async def put(self, document_id: UUID, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        await self._run(lambda: self._put(document_id, chunks, vectors))

    async def remove(self, document_id: UUID) -> None:
        await self._run(lambda: self._remove_all_but(document_id, set()))

    async def search(self, query: str, vector: NDArray[np.float32], limit: int) -> list[IndexHit]:
        return await self._run(lambda: self._search(query, vector, limit))

    async def chunk_counts(self) -> Mapping[UUID, int]:
        request = qdrant.FacetRequest(key=_DOCUMENT, limit=_MOST_DOCUMENTS, exact=True)
        facet = await self._run(lambda: self._shard.facet(request))
        return {UUID(str(hit.value)): hit.count for hit in facet.hits if hit.count}

    async def close(self) -> None:
        await self._run(self._shard.close)
        self._thread.shutdown()

    async def _run(self, call: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    def _put(self, document_id: UUID, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        assert len(chunks) == len(vectors)
        for start in range(0, len(chunks), _POINTS_AT_ONCE):
            group = slice(start, start + _POINTS_AT_ONCE)
            points = [
                self._point(document_id, chunk, vector)
                for chunk, vector in zip(chunks[group], vectors[group], strict=True)
            ]
            self._shard.update(qdrant.UpdateOperation.upsert_points(points))
        # What is new comes before what is old goes, so that no search finds the document gone.
        self._remove_all_but(document_id, {str(chunk.id) for chunk in chunks})

    def _point(self, document_id: UUID, chunk: Chunk, vector: NDArray[np.float32]) -> qdrant.Point:
        return qdrant.Point(
            id=str(chunk.id),
            vector={
                _DENSE: vector.tolist(),
                _BM25: self._bm25.embed_document(chunk.searchable_text),
            },
            payload={_DOCUMENT: str(document_id)},
        )

    def _remove_all_but(self, document_id: UUID, kept: set[str]) -> None:
        of_document = qdrant.FieldCondition(_DOCUMENT, match=qdrant.MatchValue(str(document_id)))
        doomed = qdrant.Filter(must=[of_document], must_not=[qdrant.HasIdCondition(set(kept))])
        self._shard.update(qdrant.UpdateOperation.delete_points_by_filter(doomed))
        self._shard.flush()
        self._shard.optimize()

    def _search(self, query: str, vector: NDArray[np.float32], limit: int) -> list[IndexHit]:
        dense = qdrant.Query.Nearest(vector.tolist(), using=_DENSE)
        words = self._bm25.embed_query(query)
        lexical = qdrant.Query.Nearest(words, using=_BM25)
        depth = max(_CANDIDATES_PER_HIT * limit, _FEWEST_CANDIDATES)
        rankings = self._shard.query_batch(
            qdrant.QueryBatchRequest(
                [qdrant.QueryRequest(limit=depth, query=query) for query in (lexical, dense)]
            )
        )
        fused = self._fusion.fuse(*([_id(point) for point in ranking] for ranking in rankings))
        best = dict(list(fused.items())[:limit])
        if not best:
            return []
        return self._with_scores(best, lexical, dense, self._rarity(words.indices))

    def _rarity(self, words: Sequence[int]) -> dict[int, float]:
        """The inverse document frequency of each word, read off a search for it alone."""
        chunks = self._shard.count(qdrant.CountRequest(exact=False))
        rarity = dict.fromkeys(words, math.log(1 + (chunks + 0.5) / 0.5))
        alone = [
            qdrant.QueryRequest(
                limit=1,
                query=qdrant.Query.Nearest(qdrant.SparseVector([word], [1.0]), using=_BM25),
                with_vector=[_BM25],
            )
            for word in words
        ]
        for word, found in zip(
            words, self._shard.query_batch(qdrant.QueryBatchRequest(alone)), strict=True
        ):
            if found:
                rarity[word] = found[0].score / _words_of(found[0])[word]
        return rarity

    def _with_scores(
        self,
        fused: Mapping[UUID, float],
        lexical: qdrant.Query,
        dense: qdrant.Query,
        rarity: Mapping[int, float],
    ) -> list[IndexHit]:
        """Both scores of every hit, whichever ranking it came from."""
        chosen = qdrant.Filter(must=[qdrant.HasIdCondition({str(each) for each in fused})])
        lexical_points, points = self._shard.query_batch(
            qdrant.QueryBatchRequest(
                [
                    qdrant.QueryRequest(limit=len(fused), query=lexical, filter=chosen),
                    qdrant.QueryRequest(
                        limit=len(fused),
                        query=dense,
                        filter=chosen,
                        with_payload=True,
                        with_vector=[_BM25],
                    ),
                ]
            )
        )
        bm25 = {_id(point): point.score for point in lexical_points}
        hits = {_id(point): _hit(point, fused, bm25, rarity) for point in points}
        return [hits[each] for each in fused]


def _hit(
    point: qdrant.ScoredPoint,
    fused: Mapping[UUID, float],
    bm25: Mapping[UUID, float],
    rarity: Mapping[int, float],
) -> IndexHit:
    chunk_id = _id(point)
    assert point.payload is not None
    known = _words_of(point)
    shared = sum(weight for word, weight in rarity.items() if word in known)
    return IndexHit(
        chunk_id=chunk_id,
        document_id=UUID(point.payload[_DOCUMENT]),
        score=fused[chunk_id],
        similarity=point.score,
        bm25=bm25.get(chunk_id, 0.0),
        term_overlap=shared / sum(rarity.values()) if rarity else 0.0,
    )


def _words_of(point: qdrant.ScoredPoint) -> dict[int, float]:
    assert isinstance(point.vector, dict)
    sparse = point.vector[_BM25]
    assert isinstance(sparse, qdrant.SparseVector)
    return dict(zip(sparse.indices, sparse.values, strict=True))


def _id(point: qdrant.ScoredPoint) -> UUID:
    return UUID(str(point.id))


def _bm25_config() -> qdrant.Bm25Config:
    return qdrant.Bm25Config(
        stopwords=qdrant.StopwordsSet(languages={qdrant.Language.English}, custom=_ASKING),
        ascii_folding=True,
    )


def _open(folder: Path, embedding_model: str) -> qdrant.EdgeShard:
    """The shard in `folder`, or an empty one if it was made for another model or can't be read.

    Emptiness is safe: whoever owns the chunks compares the counts, and puts again what is missing.
    """
    shard, stamp = folder / "shard", folder / "index.json"
    made_for = json.dumps({"layout": _LAYOUT, "embedding_model": embedding_model})
    if stamp.exists() and stamp.read_text(encoding="utf-8") == made_for:
        try:
            return qdrant.EdgeShard.load(str(shard))
        except Exception as error:
            if "WouldBlock" in str(error):
                raise IndexInUse(folder) from error
            _log.warning("the index in %s can't be read and is made anew: %s", folder, error)
    return _create(shard, stamp, made_for)


def _create(shard: Path, stamp: Path, made_for: str) -> qdrant.EdgeShard:
    stamp.unlink(missing_ok=True)
    shutil.rmtree(shard, ignore_errors=True)
    shard.mkdir(parents=True)
    config = qdrant.EdgeConfig(
        vectors={_DENSE: qdrant.EdgeVectorParams(_DIMENSIONS, qdrant.Distance.Cosine)},
        sparse_vectors={_BM25: qdrant.EdgeSparseVectorParams(modifier=qdrant.Modifier.Idf)},
        max_search_threads=1,
    )
    created = qdrant.EdgeShard.create(str(shard), config)
    by_document = qdrant.PayloadSchemaType.Keyword
    created.update(qdrant.UpdateOperation.create_field_index(_DOCUMENT, by_document))
    created.flush()
    # The stamp comes last: a shard without one was never finished.
    part = stamp.with_suffix(".part")
    part.write_text(made_for, encoding="utf-8")
    part.replace(stamp)
    return created
