"""A store in memory: what messaging.store promises, with nothing behind it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from copy import copy
from uuid import UUID

from libs.messaging.tests.notes import StoreAway

from contracts.contract import Message
from contracts.topics import Topic
from messaging.envelope import Envelope, Outgoing
from messaging.inbox import InboxEntry
from messaging.store import DeadLetter, Job, LeaseLost, OneByOne
from messaging.work import Settlement
from testkit.works import RecordingWork


class MemoryStore:
    """See messaging.store.Store. While `is_away`, nothing can be begun."""

    def __init__(self, name: str = "notes", *, outcomes: Topic | None = None) -> None:
        self.name = name
        self.outcomes = outcomes
        self.inbox: dict[UUID, InboxEntry] = {}
        self.outbox: list[Outgoing] = []
        self.letters: list[DeadLetter] = []
        self.jobs: dict[UUID, Job] = {}
        self.expected: list[list[Message]] = []
        self.is_away = False
        self.commits = 0

    @asynccontextmanager
    async def begin(self) -> "AsyncIterator[MemoryTransaction]":
        if self.is_away:
            raise StoreAway
        transaction = MemoryTransaction(self)
        yield transaction
        self.inbox, self.jobs = transaction.inbox, transaction.jobs
        self.outbox, self.letters = transaction.outbox, transaction.letters
        self.commits += 1

    def is_transient(self, error: BaseException) -> bool:
        return isinstance(error, StoreAway)

    def types(self) -> list[str]:
        """The types of all messages in the outbox, in order."""
        return [message.headers["ce_type"] for message in self.outbox]


class MemoryTransaction(OneByOne):
    """See messaging.store.Transaction."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.inbox = copy(store.inbox)
        self.outbox = copy(store.outbox)
        self.letters = copy(store.letters)
        self.jobs = copy(store.jobs)
        self._has_received = False

    @asynccontextmanager
    async def work(self, cause: Envelope) -> AsyncIterator[RecordingWork]:
        work = RecordingWork(source=self._store.name, cause=cause, outcomes=self._store.outcomes)
        yield work
        self.outbox += work.postbox.messages
        for command_id, settlement in work.settled.items():
            await self.settle(command_id, settlement)

    async def expect(self, messages: Sequence[Message]) -> None:
        assert not self._has_received, "what is expected is known before anything is looked up"
        self._store.expected.append(list(messages))

    async def received(self, ids: Sequence[UUID]) -> dict[UUID, InboxEntry]:
        self._has_received = True
        return {known: self.inbox[known] for known in ids if known in self.inbox}

    def remember(self, entry: InboxEntry) -> None:
        self.inbox[entry.message_id] = entry
        if outcome := entry.outcome():
            self.post(outcome)

    async def settle(self, command_id: UUID, settlement: Settlement) -> None:
        entry = self.inbox.get(command_id)
        if entry is not None and entry.settlement is None:
            self.remember(entry.settled(settlement))

    async def enqueue(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self.jobs.setdefault(job.id, job)

    async def end(self, job: Job) -> None:
        known = self.jobs.get(job.id)
        if known is None or known.lease != job.lease:
            raise LeaseLost(f"job {job.id} has passed to another worker")
        del self.jobs[job.id]

    def post(self, message: Outgoing) -> None:
        self.outbox.append(message)

    def bury(self, letter: DeadLetter) -> None:
        self.letters.append(letter)
