from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from ingest.domain.chunks import Chunk
from ingest.domain.parsed import ParsedDocument

Vectors = NDArray[np.float32]
"""One row per text, each of length one."""


class DocumentParser(Protocol):
    async def parse(self, content: bytes) -> ParsedDocument:
        """The text of a document, of whatever type the content shows.

        Raises UnsupportedMediaType and UnreadableDocument. A hostile document costs a bounded time
        and memory.
        """
        ...


class Embedder(Protocol):
    @property
    def model(self) -> str:
        """Names the model and how it was built: vectors of different names don't compare."""
        ...

    async def embed(self, texts: Sequence[str]) -> Vectors: ...


@dataclass(frozen=True)
class IndexHit:
    """A chunk that matches, and how well.

    `score` orders the hits of one search (at most 1: first in both rankings). `similarity` is the
    cosine of query and chunk; `bm25` the lexical score, which depends on the corpus;
    `term_overlap` the share of the query's content words that the chunk has, where a word counts
    the more the fewer chunks have it.
    """

    chunk_id: UUID
    document_id: UUID
    score: float
    similarity: float
    bm25: float
    term_overlap: float


class ChunkIndex(Protocol):
    """What finds chunks. It owns nothing: all of it can be made again from the stored chunks."""

    async def put(self, document_id: UUID, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Makes these the document's only chunks; on return they are found, and on disk."""
        ...

    async def remove(self, document_id: UUID) -> None:
        """Forgets a document; one that isn't there is forgotten already."""
        ...

    async def search(self, query: str, vector: NDArray[np.float32], limit: int) -> list[IndexHit]:
        """The best hits first. Without a content word in `query`, `vector` alone decides."""
        ...

    async def chunk_counts(self) -> Mapping[UUID, int]:
        """How many chunks it holds of each document, to compare with the store after a start."""
        ...


@dataclass(frozen=True)
class StoredFile:
    size_bytes: int
    content_hash: str
    """SHA-256, in hex."""


class DocumentFiles(Protocol):
    async def save(
        self, document_id: UUID, content: AsyncIterator[bytes], limit_bytes: int
    ) -> StoredFile:
        """Keeps the content, whole or not at all. Raises DocumentTooLarge."""
        ...

    async def read(self, document_id: UUID) -> bytes:
        """Raises DocumentNotFound."""
        ...

    async def remove(self, document_id: UUID) -> None: ...
