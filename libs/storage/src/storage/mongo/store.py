"""Delivery's ports on a MongoDB store: everything that a batch does, in one unit."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Generic, TypeVar
from uuid import UUID

from contracts.contract import Message
from contracts.topics import Topic
from messaging.envelope import Envelope, Outgoing
from messaging.inbox import InboxEntry
from messaging.signal import Signal
from messaging.store import DeadLetter, Job, LeaseLost, OneByOne
from messaging.work import Postbox, Settlement
from storage.dead_letters import published
from storage.entries import entry_from
from storage.mongo import database
from storage.mongo.collected import Collected, entry_id
from storage.mongo.commit import Change, commit
from storage.mongo.database import Document, MongoDatabase
from storage.mongo.documents import Documents, Staging
from storage.mongo.finishing import Finisher
from storage.mongo.unit import Unit
from storage.mongo.work import MongoWork

W = TypeVar("W", bound=MongoWork)


class MongoStore(Generic[W]):
    """The store of the service `name`. `make_work` makes its unit of work on staged documents.

    The other arguments and the signals are those of storage.store.SqlStore.
    """

    def __init__(
        self,
        name: str,
        finisher: Finisher,
        make_work: Callable[[Documents, Postbox], W],
        *,
        outcomes: Topic | None = None,
        reply_partition: Callable[[], int | None] = lambda: None,
    ) -> None:
        self.name = name
        self.finisher = finisher
        self.outbox_wake = Signal()
        self.jobs_wake = Signal()
        self._make_work = make_work
        self._outcomes = outcomes
        self._reply_partition = reply_partition

    @property
    def database(self) -> MongoDatabase:
        """Where it all lies."""
        return self.finisher.database

    @asynccontextmanager
    async def begin(self) -> "AsyncIterator[MongoTransaction[W]]":
        """See messaging.store.Store. Nothing is written before the end of the block."""
        transaction = MongoTransaction(self)
        yield transaction
        unit = await transaction.commit()
        if unit and unit.parcels:
            self.outbox_wake.set()
        if unit and unit.jobs:
            self.jobs_wake.set()

    def is_transient(self, error: BaseException) -> bool:
        """See messaging.store.Store."""
        return database.is_transient(error)

    def unit_of_work(self, documents: Documents, cause: Envelope) -> W:
        """What a handler gets."""
        postbox = Postbox(
            source=self.name,
            cause=cause,
            outcomes=self._outcomes,
            reply_partition=self._reply_partition(),
        )
        return self._make_work(documents, postbox)


class MongoTransaction(OneByOne, Generic[W]):
    """See messaging.store.Transaction."""

    def __init__(self, store: MongoStore[W]) -> None:
        self._store = store
        self.staging = Staging(store.finisher)
        self.collected = Collected()

    @asynccontextmanager
    async def work(self, cause: Envelope) -> AsyncIterator[W]:
        """See messaging.store.Transaction."""
        documents = self.staging.documents()
        work = self._store.unit_of_work(documents, cause)
        yield work
        self.staging.keep(documents)
        self.collected.keep(work.postbox)
        for command_id, settlement in work.postbox.settlements.items():
            await self.settle(command_id, settlement)

    async def expect(self, messages: Sequence[Message]) -> None:
        """See messaging.store.Transaction. Handlers load what they need themselves."""

    async def received(self, ids: Sequence[UUID]) -> dict[UUID, InboxEntry]:
        """See messaging.store.Transaction."""
        if not ids:
            return {}
        await self._store.finisher.finish_messages(ids)
        return {row["message_id"]: entry_from(row) for row in await self._rows(ids)}

    def remember(self, entry: InboxEntry) -> None:
        """See messaging.store.Transaction."""
        self.collected.entries[entry.message_id] = entry
        if outcome := entry.outcome():
            self.post(outcome)

    async def settle(self, command_id: UUID, settlement: Settlement) -> None:
        """See messaging.store.Transaction."""
        entry = self.collected.entries.get(command_id)
        if entry is not None:
            if entry.settlement is None:
                self.remember(entry.settled(settlement))
            return
        entry = (await self.received([command_id])).get(command_id)
        if entry is not None and entry.settlement is None:
            self.collected.settled.setdefault(command_id, entry.settled(settlement))

    async def enqueue(self, jobs: Sequence[Job]) -> None:
        """See messaging.store.Transaction."""
        self.collected.jobs.extend(jobs)

    async def end(self, job: Job) -> None:
        """See messaging.store.Transaction."""
        leased = {"_id": job.id, "lease": job.lease, "ended_at": None}
        row = await self._store.finisher.fetch("jobs", leased)
        if row is None or job.lease is None:
            raise LeaseLost(f"job {job.id} has passed to another worker")
        self.collected.ended.append(row)

    def post(self, message: Outgoing) -> None:
        """See messaging.store.Transaction."""
        self.collected.messages.append(message)

    def bury(self, letter: DeadLetter) -> None:
        """See messaging.store.Transaction."""
        self.collected.letters.append(letter)
        self.post(published(letter))

    async def commit(self) -> Unit | None:
        """Commit and finish what has been collected, if there is something. The store calls it.

        Raises Conflict, with nothing changed. With any other error it may have been committed; then
        it is finished later.
        """
        collected, changes = self.collected, [*self.staging.changes(), *self._ended_jobs()]
        if not changes and collected.is_nothing():
            return None
        finisher, unit = self._store.finisher, Unit()
        await collected.fill(unit, finisher.database)
        home = await commit(finisher, unit, changes, collected.new_entries(unit))
        await finisher.finish(unit, home)
        return unit

    def _ended_jobs(self) -> list[Change]:
        """What is left of an ended job keeps a slow finisher from bringing it back."""
        now = datetime.now(UTC)
        return [
            Change(
                collection="jobs",
                document={name: row[name] for name in ("_id", "key", "position")}
                | {"ended_at": now},
                condition={"lease": row["lease"], "ended_at": None},
            )
            for row in self.collected.ended
        ]

    async def _rows(self, ids: Sequence[UUID]) -> list[Document]:
        """The inbox entries of this consumer, each with nothing unfinished about it."""
        inbox = self._store.database["inbox"]
        keys = [entry_id(self._store.name, id) for id in ids]
        rows: list[Document] = []
        async for row in inbox.find({"_id": {"$in": keys}}):
            whole = await self._store.finisher.whole("inbox", row)
            if whole is not None:
                rows.append(whole)
        self.collected.known |= {row["message_id"] for row in rows}
        return rows
