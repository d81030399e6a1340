"""What the use cases need of the outside world."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from contracts.contract import Event
from contracts.ingest import DocumentView
from contracts.paging import Page
from contracts.problems import Problem
from ingest.domain.chunks import Chunk
from ingest.domain.documents import Document
from ingest.domain.parsed import ParsedDocument

Vectors = NDArray[np.float32]
"""One row per text, each of length one."""


class DocumentParser(Protocol):
    async def parse(self, content: bytes) -> ParsedDocument:
        """The text of a document, of whatever type the content shows.

        Raises UnfitDocument. A hostile document costs a bounded time and memory.
        """
        ...


class Embedder(Protocol):
    @property
    def model(self) -> str:
        """Names the model and how it was built: vectors of different names don't compare."""
        ...

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Takes memory for the vectors and for a bounded number of texts at a time."""
        ...


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
        self,
        document_id: UUID,
        content: AsyncIterator[bytes],
        limit_bytes: int,
        *,
        content_hash: str | None = None,
    ) -> StoredFile:
        """Keeps the content, whole or not at all. Raises FileTooLarge.

        With a `content_hash`, raises AlreadyExists for any other content.
        """
        ...

    async def read(self, document_id: UUID) -> bytes:
        """Raises DocumentNotFound."""
        ...

    async def stream(self, document_id: UUID) -> AsyncIterator[bytes]:
        """The content in pieces. Raises DocumentNotFound, before the first of them."""
        ...

    async def saved_before(self, moment: datetime) -> list[UUID]: ...

    async def remove(self, document_id: UUID) -> None: ...


class Documents(Protocol):
    """An id that was removed is never taken again, so that late work can't bring it back."""

    async def find(self, document_id: UUID) -> Document | None:
        """The document, locked for this unit of work."""
        ...

    async def get(self, document_id: UUID) -> Document:
        """As `find`, but raises DocumentNotFound."""
        ...

    async def was_removed(self, document_id: UUID) -> bool: ...

    async def processed_with(self, content_hash: str) -> UUID | None:
        """The one document that can be searched and has this content."""
        ...

    async def add(self, document: Document) -> None: ...

    async def save(self, document: Document) -> None:
        """Writes back what `find` or `get` has read."""
        ...

    async def put_chunks(self, document_id: UUID, chunks: Sequence[Chunk]) -> None:
        """Makes these the document's only chunks."""
        ...

    async def remove(self, document_id: UUID) -> None:
        """Deletes what is left of it here, and remembers that its file and vectors have to go."""
        ...


class IngestWork(Protocol):
    """One unit of work of ingest."""

    @property
    def documents(self) -> Documents: ...

    def announce(self, event: Event, *, version: int) -> None: ...

    def succeed(self, command_id: UUID, result: BaseModel | None) -> None: ...

    def refuse(self, command_id: UUID, problem: Problem) -> None: ...


class IngestJob(Protocol):
    """A command that takes its time. It may run more than once; `finish` ends it."""

    @property
    def id(self) -> UUID: ...

    def work(self) -> AbstractAsyncContextManager[IngestWork]: ...

    def finish(self) -> AbstractAsyncContextManager[IngestWork]: ...


class DocumentReads(Protocol):
    async def document(self, document_id: UUID) -> DocumentView:
        """Raises DocumentNotFound."""
        ...

    async def documents(self, *, limit: int, after: str | None) -> Page[DocumentView]: ...

    async def content_hash(self, document_id: UUID) -> str | None:
        """None: no command has claimed that id."""
        ...

    async def passages(self, chunk_ids: Sequence[UUID]) -> Mapping[UUID, Chunk]:
        """Those of the chunks that belong to a document that can be searched."""
        ...


class Upkeep(Protocol):
    """What the store knows about the index and the files beside it, and what it owes them."""

    async def chunk_counts(self) -> Mapping[UUID, int]:
        """How many chunks each document has that can be searched."""
        ...

    async def is_known(self, document_id: UUID) -> bool: ...

    async def is_claimed(self, document_id: UUID) -> bool:
        """It is known, or an accepted command that has not been handled yet names it."""
        ...

    async def chunks(self, document_id: UUID) -> list[Chunk]:
        """In reading order; none when it can't be searched (any more)."""
        ...

    async def embedded_anew(self, document_id: UUID, embedding_model: str) -> None: ...

    async def removed(self) -> Mapping[UUID, datetime]:
        """Documents whose file and vectors have to go, and since when."""
        ...

    async def forget(self, document_id: UUID, removed_at: datetime) -> None:
        """File and vectors are gone; what was removed once more since then stays to be done."""
        ...
