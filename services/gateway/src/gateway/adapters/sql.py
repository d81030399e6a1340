"""The gateway's ports on PostgreSQL and SQLite."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.gateway import OperationView
from contracts.ids import new_id
from contracts.paging import Page
from gateway.adapters.tables import operations
from gateway.application.ports import KeyTaken
from gateway.domain.operation import KEY_LIFETIME, Operation, OperationState
from gateway.domain.refusals import OperationNotFound
from messaging.envelope import Envelope
from messaging.work import Postbox
from storage.database import Database
from storage.pages import fetch_page
from storage.store import SqlStore
from storage.work import SqlWork
from telemetry.traces import current_traceparent


class SqlOperations:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, operation_id: UUID) -> Operation | None:
        query = select(operations).where(operations.c.id == operation_id).with_for_update()
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else Operation(**row._mapping)

    async def by_key(self, subject: UUID, key: str, *, now: datetime) -> Operation | None:
        named = (operations.c.subject == subject) & (operations.c.idempotency_key == key)
        row = (await self._connection.execute(select(operations).where(named))).one_or_none()
        if row is None:
            return None
        if row.created_at < now - KEY_LIFETIME:
            # By id: another request may have given the key to its own operation by now.
            await self._connection.execute(
                update(operations).where(operations.c.id == row.id).values(idempotency_key=None)
            )
            return None
        return Operation(**row._mapping)

    async def add(self, operation: Operation) -> None:
        try:
            await self._connection.execute(insert(operations).values(**asdict(operation)))
        except IntegrityError as error:
            raise KeyTaken(str(operation.idempotency_key)) from error

    async def save(self, operation: Operation) -> None:
        await self._connection.execute(
            update(operations).where(operations.c.id == operation.id).values(**asdict(operation))
        )


class SqlOperationRetention:
    """Forgets operations that ended long ago. One that is still accepted stays."""

    def __init__(self, db: Database, *, keep_days: int) -> None:
        self._db = db
        self._keep = timedelta(days=keep_days)

    async def run(self) -> None:
        """Until cancelled; once an hour."""
        while True:
            await self.purge_once()
            await asyncio.sleep(3_600)

    async def purge_once(self) -> int:
        """Returns how many are gone."""
        old = operations.c.finished_at < datetime.now(UTC) - self._keep
        async with self._db.write() as connection:
            return int((await connection.execute(delete(operations).where(old))).rowcount)


class SqlGatewayWork(SqlWork):
    """See gateway.application.ports.GatewayWork."""

    def __init__(self, connection: AsyncConnection, postbox: Postbox) -> None:
        super().__init__(connection, postbox)
        self.operations = SqlOperations(connection)


class SqlBeginWork:
    """See gateway.application.ports.BeginWork."""

    def __init__(self, store: SqlStore[SqlGatewayWork]) -> None:
        self._store = store

    @asynccontextmanager
    async def __call__(self, *, actor: UUID) -> AsyncIterator[SqlGatewayWork]:
        request_id = new_id()
        cause = Envelope(
            id=request_id,
            type="Request",
            source=self._store.name,
            subject=str(actor),
            correlation_id=request_id,
            actor=str(actor),
            traceparent=current_traceparent.get(),
        )
        async with self._store.begin() as transaction, transaction.work(cause) as work:
            yield work


class SqlOperationReads:
    """See gateway.application.ports.OperationReads."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def operation(self, operation_id: UUID, subject: UUID | None) -> OperationView:
        query = select(operations).where(operations.c.id == operation_id)
        async with self._db.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None or (subject is not None and row.subject != subject):
            raise OperationNotFound(operation_id)
        return OperationView.model_validate(dict(row._mapping))

    async def operations(
        self, subject: UUID | None, *, state: OperationState | None, limit: int, after: str | None
    ) -> Page[OperationView]:
        query = select(operations)
        if subject is not None:
            query = query.where(operations.c.subject == subject)
        if state is not None:
            query = query.where(operations.c.state == state)
        async with self._db.read() as connection:
            rows, cursor = await fetch_page(
                connection, query, operations.c.id, limit=limit, after=after
            )
        items = [OperationView.model_validate(dict(row._mapping)) for row in rows]
        return Page(items=items, next=cursor)
