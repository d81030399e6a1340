"""A store that keeps nothing: what is left of consuming when the store costs nothing."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self
from uuid import UUID

from contracts.contract import Message
from messaging.envelope import Envelope, Outgoing
from messaging.inbox import InboxEntry
from messaging.store import DeadLetter, Job, OneByOne
from messaging.work import Settlement


class VoidStore:
    """See messaging.store.Store."""

    @asynccontextmanager
    async def begin(self) -> "AsyncIterator[VoidTransaction]":
        yield VoidTransaction()

    def is_transient(self, error: BaseException) -> bool:
        return False


class VoidWork:
    """A unit of work for a handler that wants nothing of it."""

    def __init__(self, cause: Envelope) -> None:
        self.cause = cause

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Nothing to undo."""


class VoidTransaction(OneByOne):
    """See messaging.store.Transaction. It gathers what a real one would write."""

    def __init__(self) -> None:
        self.entries: list[InboxEntry] = []

    def work(self, cause: Envelope) -> VoidWork:
        return VoidWork(cause)

    async def expect(self, messages: Sequence[Message]) -> None:
        """Nothing is loaded."""

    async def received(self, ids: Sequence[UUID]) -> dict[UUID, InboxEntry]:
        return {}

    def remember(self, entry: InboxEntry) -> None:
        self.entries.append(entry)

    async def settle(self, command_id: UUID, settlement: Settlement) -> None:
        raise AssertionError("nothing is deferred here")

    async def enqueue(self, jobs: Sequence[Job]) -> None:
        assert not jobs, "nothing is slow here"

    async def end(self, job: Job) -> None:
        raise AssertionError("nothing is slow here")

    def post(self, message: Outgoing) -> None:
        raise AssertionError("nothing is sent here")

    def bury(self, letter: DeadLetter) -> None:
        raise AssertionError(f"a message could not be handled: {letter.error}")
