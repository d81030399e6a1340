"""What has been received by a SQL store."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from messaging.inbox import InboxEntry
from storage.database import Database, driver_of
from storage.entries import entry_from
from storage.tables import DeliveryTables

_FIND_ON_POSTGRES: Final = """
SELECT * FROM inbox WHERE consumer = $1 AND message_id = ANY ($2::uuid[])
"""


async def find_entries(
    db: Database,
    connection: AsyncConnection,
    tables: DeliveryTables,
    consumer: str,
    ids: Sequence[UUID],
    *,
    lock: bool = False,
) -> list[InboxEntry]:
    """What the consumer has received of these messages; locked until the transaction ends."""
    if db.is_sqlite:
        inbox = tables.inbox
        query = select(inbox).where(inbox.c.consumer == consumer, inbox.c.message_id.in_(ids))
        return [entry_from(row._asdict()) for row in await connection.execute(query)]
    # As one array: a list of parameters is another statement for each length.
    statement = _FIND_ON_POSTGRES + ("FOR UPDATE" if lock else "")
    rows = await (await driver_of(connection)).fetch(statement, consumer, ids)
    return [entry_from(row) for row in rows]


class SqlInbox:
    """See messaging.store.Inbox."""

    def __init__(self, db: Database, tables: DeliveryTables) -> None:
        self._db = db
        self._inbox = tables.inbox

    async def purge(self, *, before: datetime) -> int:
        """See messaging.store.Inbox."""
        inbox = self._inbox
        is_owed = inbox.c.reply_topic.is_not(None) & inbox.c.settlement.is_(None)
        async with self._db.write() as connection:
            deleted = await connection.execute(
                delete(inbox).where(inbox.c.received_at < before, ~is_owed)
            )
        return int(deleted.rowcount)
