"""All of delivery's ports on a MongoDB store."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from contracts.topics import Topic
from messaging.signal import Signal
from messaging.work import Postbox
from storage.mongo.database import MongoDatabase, connect
from storage.mongo.documents import Documents
from storage.mongo.finishing import Finisher
from storage.mongo.inbox import MongoInbox
from storage.mongo.indexes import make_indexes
from storage.mongo.jobs import MongoJobs
from storage.mongo.outbox import MongoOutbox
from storage.mongo.redrive import MongoDeadLetters
from storage.mongo.replay import replay_topic
from storage.mongo.requests import MongoRequests
from storage.mongo.store import MongoStore
from storage.mongo.work import MongoWork

W = TypeVar("W", bound=MongoWork)


class MongoDeliveryStore(Generic[W]):
    """See messaging.delivery_store.DeliveryStore: everything in the database that `url` names.

    `collections` are all those that the service's units of work use. `make_work`, `outcomes` and
    `reply_partition` are those of storage.mongo.store.MongoStore.
    """

    def __init__(
        self,
        name: str,
        url: str,
        make_work: Callable[[Documents, Postbox], W],
        collections: Sequence[str],
        *,
        outcomes: Topic | None = None,
        reply_partition: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._database = connect(url)
        self.finisher = Finisher(
            database=self._database, collections=collections, after_finish=self._wake
        )
        self.store = MongoStore(
            name, self.finisher, make_work, outcomes=outcomes, reply_partition=reply_partition
        )
        self.outbox = MongoOutbox(self._database, self.outbox_wake)
        self.inbox = MongoInbox(self._database)
        self.requests = MongoRequests(self._database, self.outbox_wake)
        self.jobs = MongoJobs(self._database)
        self.dead_letters = MongoDeadLetters(self._database, self.outbox_wake)

    @property
    def database(self) -> MongoDatabase:
        """For reads outside transactions; see storage.mongo.reading."""
        return self._database

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
        """See messaging.delivery_store.DeliveryStore."""
        return [self.finisher.run]

    async def prepare(self) -> None:
        """Make the indexes of delivery, as far as they aren't there."""
        await make_indexes(self._database, self.finisher.homes)

    async def replay(self, topic: str, *, since: datetime, until: datetime) -> int:
        """See messaging.delivery_store.DeliveryStore."""
        return await replay_topic(self._database, topic, since=since, until=until)

    async def check(self) -> None:
        """See messaging.delivery_store.DeliveryStore."""
        await self._database.command("ping")

    async def close(self) -> None:
        """See messaging.delivery_store.DeliveryStore."""
        await self._database.client.close()

    def _wake(self) -> None:
        self.outbox_wake.set()
        self.jobs_wake.set()
