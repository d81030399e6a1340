"""All of delivery's ports on one SQL store."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.topics import Topic
from messaging.signal import Signal
from messaging.work import Postbox
from storage.database import Database
from storage.inbox import SqlInbox
from storage.jobs import SqlJobs
from storage.notify import JOBS_CHANNEL, OUTBOX_CHANNEL, Listener
from storage.outbox import SqlOutbox
from storage.redrive import SqlDeadLetters
from storage.replay import replay_topic
from storage.requests import SqlRequests
from storage.store import SqlStore
from storage.tables import DeliveryTables
from storage.work import SqlWork

W = TypeVar("W", bound=SqlWork)


class SqlDeliveryStore(Generic[W]):
    """See messaging.delivery_store.DeliveryStore. `db` is there for what a service reads.

    The parameters are those of SqlStore. Nothing is connected before the first use.
    """

    def __init__(
        self,
        name: str,
        database_url: str,
        tables: DeliveryTables,
        make_work: Callable[[AsyncConnection, Postbox], W],
        *,
        outcomes: Topic | None = None,
        reply_partition: Callable[[], int | None] = lambda: None,
        store_type: type[SqlStore[W]] = SqlStore,
    ) -> None:
        self.db = Database(database_url)
        self.store = store_type(
            name, self.db, tables, make_work, outcomes=outcomes, reply_partition=reply_partition
        )
        self.outbox = SqlOutbox(self.db, tables, self.store.fresh)
        self.inbox = SqlInbox(self.db, tables)
        self.requests = SqlRequests(self.db, tables, self.outbox_wake)
        self.jobs = SqlJobs(self.db, tables)
        self.dead_letters = SqlDeadLetters(self.db, tables)
        self._tables = tables

    @property
    def outbox_wake(self) -> Signal:
        """See messaging.delivery_store.DeliveryStore."""
        return self.store.outbox_wake

    @property
    def jobs_wake(self) -> Signal:
        """See messaging.delivery_store.DeliveryStore."""
        return self.store.jobs_wake

    @property
    def loops(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """See messaging.delivery_store.DeliveryStore. A SQLite file has nobody else to hear."""
        if self.db.is_sqlite:
            return ()
        signals = {OUTBOX_CHANNEL: self.outbox_wake, JOBS_CHANNEL: self.jobs_wake}
        return (Listener(db=self.db, signals=signals).run,)

    async def replay(self, topic: str, *, since: datetime, until: datetime) -> int:
        """See messaging.delivery_store.DeliveryStore."""
        return await replay_topic(self.db, self._tables, topic, since=since, until=until)

    async def check(self) -> None:
        """See messaging.delivery_store.DeliveryStore."""
        await self.db.check()

    async def close(self) -> None:
        """See messaging.delivery_store.DeliveryStore."""
        await self.db.close()
