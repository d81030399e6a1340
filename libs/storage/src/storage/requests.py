"""Commands that are asked again until their outcome is here, in a SQL store."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, update

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
            # What somebody else has locked is being answered now, and needn't be waited for.
            query = (
                select(table)
                .where(table.c.command_id.in_(list(requests)))
                .with_for_update(skip_locked=True)
            )
            rows = (await connection.execute(query)).all()
            messages = [message for row in rows for message in unpack(row.message)]
            if not messages:
                return
            await post(self._db, connection, self._tables, messages)
            statement = (
                update(table)
                .where(table.c.command_id == bindparam("id"))
                .values(asked=table.c.asked + 1, ask_again_at=bindparam("at"))
            )
            await connection.execute(
                statement,
                [{"id": row.command_id, "at": requests[row.command_id]} for row in rows],
            )
        self._outbox_wake.set()
