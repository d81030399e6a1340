"""Commands that are asked again until their outcome is here, in a SQL store."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from messaging.signal import Signal
from messaging.work import Request
from storage.codec import unpack
from storage.database import Database
from storage.posting import post
from storage.tables import DeliveryTables


class SqlRequests:
    """See messaging.store.Requests. `outbox_wake` is set when something has been posted."""

    def __init__(self, db: Database, tables: DeliveryTables, outbox_wake: Signal) -> None:
        self._db = db
        self._tables = tables
        self._outbox_wake = outbox_wake

    async def due(self, now: datetime, limit: int) -> list[tuple[Request, int]]:
        """See messaging.store.Requests."""
        requests = self._tables.requests
        query = (
            select(requests)
            .where(requests.c.ask_again_at <= now)
            .order_by(requests.c.ask_again_at)
            .limit(limit)
        )
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            (Request(command_id=row.command_id, message=unpack(row.message)[0]), row.asked)
            for row in rows
        ]

    async def ask_again(self, requests: Mapping[UUID, datetime]) -> None:
        """See messaging.store.Requests."""
        table = self._tables.requests
        async with self._db.write() as connection:
            rows = (
                await connection.execute(
                    select(table).where(table.c.command_id.in_(list(requests)))
                )
            ).all()
            messages = [message for row in rows for message in unpack(row.message)]
            if not messages:
                return
            await post(self._db, connection, self._tables, messages)
            for row in rows:
                await connection.execute(
                    update(table)
                    .where(table.c.command_id == row.command_id)
                    .values(asked=row.asked + 1, ask_again_at=requests[row.command_id])
                )
        self._outbox_wake.set()
