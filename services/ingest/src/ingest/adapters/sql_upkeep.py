"""What ingest's SQL store knows about the index and the files beside it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, select, update

from ingest.adapters.rows import chunk_of
from ingest.adapters.sql import SqlDocuments
from ingest.adapters.sql_reads import searchable_chunks
from ingest.adapters.tables import chunks, delivery, documents, removals
from ingest.domain.chunks import Chunk
from ingest.domain.documents import DocumentStatus
from storage.database import Database

_REMOVALS_AT_ONCE = 100


class SqlUpkeep:
    """See ingest.application.ports.Upkeep."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def chunk_counts(self) -> Mapping[UUID, int]:
        query = (
            select(chunks.c.document_id, func.count().label("chunk_count"))
            .join(documents, documents.c.id == chunks.c.document_id)
            .where(documents.c.status == DocumentStatus.PROCESSED)
            .group_by(chunks.c.document_id)
        )
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
        return {row.document_id: row.chunk_count for row in rows}

    async def is_known(self, document_id: UUID) -> bool:
        query = select(documents.c.id).where(documents.c.id == document_id)
        async with self._db.read() as connection:
            return (await connection.execute(query)).first() is not None

    async def is_claimed(self, document_id: UUID) -> bool:
        # In this order: a job ends in the transaction that settles what becomes of its document.
        return await self._is_awaited(document_id) or await self.is_known(document_id)

    async def chunks(self, document_id: UUID) -> list[Chunk]:
        query = (
            searchable_chunks()
            .where(chunks.c.document_id == document_id)
            .order_by(chunks.c.position)
        )
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
        return [chunk_of(row) for row in rows]

    async def embedded_anew(self, document_id: UUID, embedding_model: str) -> None:
        async with self._db.write() as connection:
            stored = SqlDocuments(connection)
            document = await stored.find(document_id)
            if document is None or document.embedding_model in {None, embedding_model}:
                return
            document.embedded_anew(embedding_model)
            await stored.save(document)

    async def _is_awaited(self, document_id: UUID) -> bool:
        jobs, letters = delivery.jobs, delivery.dead_letters
        key = str(document_id)
        is_open = letters.c.redriven_at.is_(None) & letters.c.discarded_at.is_(None)
        waiting = select(jobs.c.id).where(jobs.c.key == key).exists()
        buried = select(letters.c.id).where(letters.c.key == key.encode(), is_open).exists()
        async with self._db.read() as connection:
            return bool(await connection.scalar(select(waiting | buried)))

    async def removed(self) -> Mapping[UUID, datetime]:
        query = (
            select(removals.c.document_id, removals.c.removed_at)
            .where(removals.c.cleaned_at.is_(None))
            .limit(_REMOVALS_AT_ONCE)
        )
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
        return {row.document_id: row.removed_at for row in rows}

    async def forget(self, document_id: UUID, removed_at: datetime) -> None:
        this_one = (removals.c.document_id == document_id) & (removals.c.removed_at == removed_at)
        async with self._db.write() as connection:
            await connection.execute(
                update(removals).where(this_one).values(cleaned_at=datetime.now(UTC))
            )
