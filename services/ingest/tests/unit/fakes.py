"""Ingest's ports in memory."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from contracts.ids import new_id
from ingest.application.ports import IndexHit, StoredFile, Vectors
from ingest.domain.chunks import Chunk
from ingest.domain.documents import Document, DocumentStatus
from ingest.domain.media_types import MediaType
from ingest.domain.parsed import Block, Page, ParsedDocument
from ingest.domain.refusals import AlreadyExists, DocumentNotFound, Refusal
from testkit.works import RecordingWork

MOMENT = datetime(2026, 9, 1, tzinfo=UTC)


@dataclass
class Shelf:
    """What the store has committed."""

    documents: dict[UUID, Document] = field(default_factory=dict)
    chunks: dict[UUID, list[Chunk]] = field(default_factory=dict)
    removed: dict[UUID, datetime] = field(default_factory=dict)
    forgotten: set[UUID] = field(default_factory=set)
    awaited: set[UUID] = field(default_factory=set)


class ShelfDocuments:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def find(self, document_id: UUID) -> Document | None:
        found = self._shelf.documents.get(document_id)
        return None if found is None else replace(found)

    async def get(self, document_id: UUID) -> Document:
        found = await self.find(document_id)
        if found is None:
            raise DocumentNotFound(document_id)
        return found

    async def was_removed(self, document_id: UUID) -> bool:
        return document_id in self._shelf.removed

    async def processed_with(self, content_hash: str) -> UUID | None:
        for document in self._shelf.documents.values():
            is_processed = document.status is DocumentStatus.PROCESSED
            if is_processed and document.content_hash == content_hash:
                return document.id
        return None

    async def add(self, document: Document) -> None:
        self._shelf.documents[document.id] = replace(document)

    async def save(self, document: Document) -> None:
        self._shelf.documents[document.id] = replace(document)

    async def put_chunks(self, document_id: UUID, chunks: Sequence[Chunk]) -> None:
        self._shelf.chunks[document_id] = list(chunks)

    async def remove(self, document_id: UUID) -> None:
        self._shelf.documents.pop(document_id, None)
        self._shelf.chunks.pop(document_id, None)
        self._shelf.removed[document_id] = datetime.now(UTC)
        self._shelf.forgotten.discard(document_id)


class FakeWork(RecordingWork):
    def __init__(self, shelf: Shelf) -> None:
        super().__init__(source="ingest")
        self.documents = ShelfDocuments(shelf)


class FakeJob:
    """A job whose units of work are kept; `has_ended` once `finish` is over."""

    def __init__(self, shelf: Shelf) -> None:
        self.id = new_id()
        self.last = FakeWork(shelf)
        self.has_ended = False
        self._shelf = shelf

    @asynccontextmanager
    async def work(self) -> AsyncIterator[FakeWork]:
        yield FakeWork(self._shelf)

    @asynccontextmanager
    async def finish(self) -> AsyncIterator[FakeWork]:
        yield self.last
        self.has_ended = True


class ShelfUpkeep:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def chunk_counts(self) -> Mapping[UUID, int]:
        return {document_id: len(chunks) for document_id, chunks in self._shelf.chunks.items()}

    async def is_known(self, document_id: UUID) -> bool:
        return document_id in self._shelf.documents

    async def is_claimed(self, document_id: UUID) -> bool:
        return document_id in self._shelf.awaited or await self.is_known(document_id)

    async def chunks(self, document_id: UUID) -> list[Chunk]:
        return self._shelf.chunks.get(document_id, [])

    async def embedded_anew(self, document_id: UUID, embedding_model: str) -> None:
        document = self._shelf.documents[document_id]
        if document.embedding_model != embedding_model:
            document.embedded_anew(embedding_model)

    async def removed(self) -> Mapping[UUID, datetime]:
        pending = self._shelf.removed.keys() - self._shelf.forgotten
        return {document_id: self._shelf.removed[document_id] for document_id in pending}

    async def forget(self, document_id: UUID, removed_at: datetime) -> None:
        if self._shelf.removed[document_id] == removed_at:
            self._shelf.forgotten.add(document_id)


class FakeFiles:
    def __init__(self) -> None:
        self.contents: dict[UUID, bytes] = {}
        self.saved_at: dict[UUID, datetime] = {}

    async def save(
        self,
        document_id: UUID,
        content: AsyncIterator[bytes],
        limit_bytes: int,
        *,
        content_hash: str | None = None,
    ) -> StoredFile:
        whole = b"".join([piece async for piece in content])
        digest = hashlib.sha256(whole).hexdigest()
        if content_hash not in {None, digest}:
            raise AlreadyExists(document_id)
        self.contents[document_id] = whole
        return StoredFile(size_bytes=len(whole), content_hash=digest)

    async def read(self, document_id: UUID) -> bytes:
        if document_id not in self.contents:
            raise DocumentNotFound(document_id)
        return self.contents[document_id]

    async def stream(self, document_id: UUID) -> AsyncIterator[bytes]:
        content = await self.read(document_id)

        async def pieces() -> AsyncIterator[bytes]:
            yield content

        return pieces()

    async def saved_before(self, moment: datetime) -> list[UUID]:
        return [each for each, saved_at in self.saved_at.items() if saved_at < moment]

    async def remove(self, document_id: UUID) -> None:
        self.contents.pop(document_id, None)
        self.saved_at.pop(document_id, None)


class OnePageParser:
    """Every document is one page of plain text, unless a refusal is given."""

    def __init__(self) -> None:
        self.refusal: Refusal | None = None

    async def parse(self, content: bytes) -> ParsedDocument:
        if self.refusal:
            raise self.refusal
        return ParsedDocument(MediaType.PLAIN_TEXT, (Page(None, (Block(content.decode()),)),))


class FakeEmbedder:
    model = "fake-model"

    async def embed(self, texts: Sequence[str]) -> Vectors:
        return np.ones((len(texts), 3), dtype=np.float32)


class FakeIndex:
    """Finds every chunk it holds, in the order in which they came.

    `meanwhile` happens once, just before something is put.
    """

    def __init__(self) -> None:
        self.chunks: dict[UUID, list[Chunk]] = {}
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def put(self, document_id: UUID, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        assert len(chunks) == len(vectors)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            await meanwhile()
        self.chunks[document_id] = list(chunks)

    async def remove(self, document_id: UUID) -> None:
        self.chunks.pop(document_id, None)

    async def search(self, query: str, vector: NDArray[np.float32], limit: int) -> list[IndexHit]:
        found = [chunk for chunks in self.chunks.values() for chunk in chunks][:limit]
        return [
            IndexHit(
                chunk_id=chunk.id,
                document_id=chunk.document_id,
                score=1 / position,
                similarity=0.5,
                bm25=1.0,
                term_overlap=0.25,
            )
            for position, chunk in enumerate(found, start=1)
        ]

    async def chunk_counts(self) -> Mapping[UUID, int]:
        return {document_id: len(chunks) for document_id, chunks in self.chunks.items()}
