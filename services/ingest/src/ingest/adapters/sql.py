"""Ingest's ports on PostgreSQL and SQLite."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingest.adapters.rows import chunk_values, document_of
from ingest.adapters.tables import chunks, documents, removals
from ingest.domain.chunks import Chunk
from ingest.domain.documents import Document, DocumentStatus
from ingest.domain.refusals import DocumentNotFound
from messaging.work import Postbox
from storage.versions import update_version
from storage.work import SqlWork


class SqlDocuments:
    """See ingest.application.ports.Documents."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._read_versions: dict[UUID, int] = {}

    async def find(self, document_id: UUID) -> Document | None:
        query = select(documents).where(documents.c.id == document_id).with_for_update()
        row = (await self._connection.execute(query)).one_or_none()
        if row is None:
            return None
        self._read_versions[document_id] = row.version
        return document_of(row)

    async def get(self, document_id: UUID) -> Document:
        document = await self.find(document_id)
        if document is None:
            raise DocumentNotFound(document_id)
        return document

    async def was_removed(self, document_id: UUID) -> bool:
        query = select(removals.c.document_id).where(removals.c.document_id == document_id)
        return (await self._connection.execute(query)).first() is not None

    async def processed_with(self, content_hash: str) -> UUID | None:
        found: UUID | None = await self._connection.scalar(
            select(documents.c.id).where(
                documents.c.content_hash == content_hash,
                documents.c.status == DocumentStatus.PROCESSED,
            )
        )
        return found

    async def add(self, document: Document) -> None:
        await self._connection.execute(insert(documents).values(**asdict(document)))
        self._read_versions[document.id] = document.version

    async def save(self, document: Document) -> None:
        await update_version(
            self._connection,
            documents,
            id=document.id,
            read_version=self._read_versions[document.id],
            values=asdict(document),
        )
        self._read_versions[document.id] = document.version

    async def put_chunks(self, document_id: UUID, new: Sequence[Chunk]) -> None:
        await self._connection.execute(delete(chunks).where(chunks.c.document_id == document_id))
        if new:
            await self._connection.execute(insert(chunks), [chunk_values(chunk) for chunk in new])

    async def remove(self, document_id: UUID) -> None:
        await self._connection.execute(delete(chunks).where(chunks.c.document_id == document_id))
        await self._connection.execute(delete(documents).where(documents.c.id == document_id))
        await self._remember_removal(document_id)

    async def _remember_removal(self, document_id: UUID) -> None:
        values: dict[str, Any] = {"removed_at": datetime.now(UTC), "cleaned_at": None}
        again = await self._connection.execute(
            update(removals).where(removals.c.document_id == document_id).values(**values)
        )
        if again.rowcount == 0:
            await self._connection.execute(
                insert(removals).values(document_id=document_id, **values)
            )


class SqlIngestWork(SqlWork):
    """See ingest.application.ports.IngestWork."""

    def __init__(self, connection: AsyncConnection, postbox: Postbox) -> None:
        super().__init__(connection, postbox)
        self.documents = SqlDocuments(connection)
