"""What can be looked up in ingest's SQL store."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from contracts.ingest import DocumentView
from contracts.paging import Page
from ingest.adapters.rows import chunk_of, document_of
from ingest.adapters.tables import chunks, documents
from ingest.application.views import document_view
from ingest.domain.chunks import Chunk
from ingest.domain.documents import DocumentStatus
from ingest.domain.refusals import DocumentNotFound
from storage.database import Database
from storage.pages import fetch_page


class SqlDocumentReads:
    """See ingest.application.ports.DocumentReads."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def document(self, document_id: UUID) -> DocumentView:
        query = select(documents).where(documents.c.id == document_id)
        async with self._db.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise DocumentNotFound(document_id)
        return document_view(document_of(row))

    async def documents(self, *, limit: int, after: str | None) -> Page[DocumentView]:
        async with self._db.read() as connection:
            rows, cursor = await fetch_page(
                connection, select(documents), documents.c.id, limit=limit, after=after
            )
        return Page(items=[document_view(document_of(row)) for row in rows], next=cursor)

    async def content_hash(self, document_id: UUID) -> str | None:
        query = select(documents.c.content_hash).where(documents.c.id == document_id)
        async with self._db.read() as connection:
            found: str | None = await connection.scalar(query)
        return found

    async def passages(self, chunk_ids: Sequence[UUID]) -> Mapping[UUID, Chunk]:
        if not chunk_ids:
            return {}
        query = searchable_chunks().where(chunks.c.id.in_(list(chunk_ids)))
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
        return {row.id: chunk_of(row) for row in rows}


def searchable_chunks() -> "Select[Any]":
    """Chunks of processed documents, with the documents' titles."""
    return (
        select(chunks, documents.c.title)
        .join(documents, documents.c.id == chunks.c.document_id)
        .where(documents.c.status == DocumentStatus.PROCESSED)
    )
