"""Delivery's ports on a SQL store: everything a batch does, in one transaction."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Insert, delete, func, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.contract import Message
from contracts.topics import Topic
from messaging.asking import pause_after
from messaging.envelope import Envelope, Outgoing
from messaging.inbox import InboxEntry
from messaging.signal import Signal
from messaging.store import DeadLetter, Job, LeaseLost, OneByOne
from messaging.work import Postbox, Request, Settlement
from storage import database
from storage.codec import in_parcels
from storage.database import Database
from storage.dead_letters import letter_row, published
from storage.entries import entry_row
from storage.flush import Flush
from storage.fresh import FreshParcels
from storage.inbox import find_entries
from storage.notify import JOBS_CHANNEL, notify
from storage.savepoint import Savepoint
from storage.tables import DeliveryTables
from storage.work import SqlWork

W = TypeVar("W", bound=SqlWork)


class SqlStore(Generic[W]):
    """The store of the service `name`. `make_work` makes its unit of work on a connection.

    `outcomes` is the topic on which it hears the outcomes of what it asks; `reply_partition` the
    partition of it that this instance holds, if it cares. `outbox_wake` and `jobs_wake` are set
    when a commit has made work for the relay or for the workers.
    """

    def __init__(
        self,
        name: str,
        db: Database,
        tables: DeliveryTables,
        make_work: Callable[[AsyncConnection, Postbox], W],
        *,
        outcomes: Topic | None = None,
        reply_partition: Callable[[], int | None] = lambda: None,
    ) -> None:
        self.name = name
        self.db = db
        self.tables = tables
        self.outbox_wake = Signal()
        self.jobs_wake = Signal()
        self.fresh = FreshParcels()
        self._make_work = make_work
        self._outcomes = outcomes
        self._reply_partition = reply_partition

    @asynccontextmanager
    async def begin(self) -> "AsyncIterator[SqlTransaction[W]]":
        """See messaging.store.Store."""
        async with self.db.write() as connection:
            transaction = self.transaction_on(connection)
            yield transaction
            await transaction.flush()
        self.fresh.add(transaction.posted)
        if transaction.has_posted:
            self.outbox_wake.set()
        if transaction.has_enqueued:
            self.jobs_wake.set()

    def transaction_on(self, connection: AsyncConnection) -> "SqlTransaction[W]":
        """What `begin` yields. A store that keeps more in step than rows makes its own."""
        return SqlTransaction(self, connection)

    def is_transient(self, error: BaseException) -> bool:
        """See messaging.store.Store."""
        return database.is_transient(error)

    def unit(self, connection: AsyncConnection, cause: Envelope) -> W:
        """A unit of work on an open connection."""
        postbox = Postbox(
            source=self.name,
            cause=cause,
            outcomes=self._outcomes,
            reply_partition=self._reply_partition(),
        )
        return self._make_work(connection, postbox)


class SqlTransaction(OneByOne, Generic[W]):
    """See messaging.store.Transaction. Inbox and outbox are written together at the end."""

    def __init__(self, store: SqlStore[W], connection: AsyncConnection) -> None:
        self._store = store
        self._connection = connection
        self._savepoint = Savepoint(store.db, connection)
        self._tables = store.tables
        self._now = datetime.now(UTC)
        self._time = self._now.isoformat()
        self._entries: dict[UUID, InboxEntry] = {}
        self._known: set[UUID] = set()
        self._outbox: list[Outgoing] = []
        self._requests: list[Request] = []
        self._answered: list[UUID] = []
        self._letters: list[DeadLetter] = []
        self.has_posted = False
        self.posted: list[tuple[int, Sequence[Outgoing]]] = []
        self.has_enqueued = False

    @asynccontextmanager
    async def work(self, cause: Envelope) -> AsyncIterator[W]:
        """See messaging.store.Transaction."""
        work = self._store.unit(self._connection, cause)
        await self._savepoint.move_here()
        try:
            yield work
        except Exception:
            await self._savepoint.undo()
            raise
        self._outbox.extend(work.postbox.messages)
        self._savepoint.wrote()
        self._requests.extend(work.postbox.requests)
        self._answered.extend(work.postbox.answered)
        for command_id, settlement in work.postbox.settlements.items():
            await self.settle(command_id, settlement)

    async def expect(self, messages: Sequence[Message]) -> None:
        """See messaging.store.Transaction. Handlers load what they need themselves."""

    async def received(self, ids: Sequence[UUID]) -> dict[UUID, InboxEntry]:
        """See messaging.store.Transaction."""
        return await self._find(ids) if ids else {}

    def remember(self, entry: InboxEntry) -> None:
        """See messaging.store.Transaction."""
        self._entries[entry.message_id] = entry
        if outcome := entry.outcome(self._time):
            self.post(outcome)

    async def settle(self, command_id: UUID, settlement: Settlement) -> None:
        """See messaging.store.Transaction."""
        entry = self._entries.get(command_id)
        if entry is None:
            entry = (await self._find([command_id], lock=True)).get(command_id)
        if entry is not None and entry.settlement is None:
            self.remember(entry.settled(settlement))

    async def enqueue(self, jobs: Sequence[Job]) -> None:
        """See messaging.store.Transaction."""
        if not jobs:
            return
        self._savepoint.wrote()
        statement = upsert(self._store.db, self._tables.jobs).on_conflict_do_nothing(
            index_elements=["id"]
        )
        await self._connection.execute(
            statement,
            [
                {
                    "id": job.id,
                    "key": job.key,
                    "value": job.value,
                    "headers": dict(job.headers),
                    "attempts": 0,
                }
                for job in jobs
            ],
        )
        self.has_enqueued = True

    async def end(self, job: Job) -> None:
        """See messaging.store.Transaction."""
        self._savepoint.wrote()
        jobs = self._tables.jobs
        ended = await self._connection.execute(
            delete(jobs).where(jobs.c.id == job.id, jobs.c.lease == job.lease)
        )
        if ended.rowcount != 1:
            raise LeaseLost(f"job {job.id} has passed to another worker")

    def post(self, message: Outgoing) -> None:
        """See messaging.store.Transaction."""
        self._outbox.append(message)

    def bury(self, letter: DeadLetter) -> None:
        """See messaging.store.Transaction."""
        self._letters.append(letter)
        self.post(published(letter))

    async def flush(self) -> None:
        """Write what has been collected. The store calls it before it commits.

        A message that is new here and not in the store has been handled twice: that fails.
        """
        rows = [entry_row(entry, self._now) for entry in self._entries.values()]
        flush = Flush(
            now=self._now,
            entries=[row for row in rows if row["message_id"] not in self._known],
            requests=self._requests,
            ask_again_at=self._now + timedelta(seconds=pause_after(1)),
            answered=self._answered,
            messages=self._outbox,
        )
        ids = await flush.write(self._store.db, self._connection, self._tables)
        self.posted = list(zip(ids, in_parcels(self._outbox), strict=bool(ids)))
        await self._write_repeats([row for row in rows if row["message_id"] in self._known])
        await self._write_letters()
        self.has_posted = bool(self._outbox)
        if self.has_enqueued:
            await notify(self._store.db, self._connection, JOBS_CHANNEL)

    async def _find(self, ids: Sequence[UUID], *, lock: bool = False) -> dict[UUID, InboxEntry]:
        entries = await find_entries(
            self._store.db, self._connection, self._tables, self._store.name, ids, lock=lock
        )
        found = {entry.message_id: entry for entry in entries}
        self._known.update(found)
        return found

    async def _write_repeats(self, known: Sequence[dict[str, Any]]) -> None:
        if not known:
            return
        inbox = self._tables.inbox
        statement = upsert(self._store.db, inbox)
        given = statement.excluded
        repeat = statement.on_conflict_do_update(
            index_elements=["consumer", "message_id"],
            set_={
                "reply_topic": given.reply_topic,
                "reply_partition": given.reply_partition,
                "settlement": func.coalesce(inbox.c.settlement, given.settlement),
            },
        )
        await self._connection.execute(repeat, known)

    async def _write_letters(self) -> None:
        if self._letters:
            await self._connection.execute(
                insert(self._tables.dead_letters),
                [letter_row(letter, self._now) for letter in self._letters],
            )


def upsert(db: Database, table: Any) -> Any:
    """An INSERT of the store's dialect, which knows ON CONFLICT."""
    statement: Insert = sqlite.insert(table) if db.is_sqlite else postgresql.insert(table)
    return statement
