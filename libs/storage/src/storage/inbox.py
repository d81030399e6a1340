"""What has been received by a SQL store, beyond the transaction that received it."""

from datetime import datetime

from sqlalchemy import delete

from storage.database import Database
from storage.tables import DeliveryTables


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
