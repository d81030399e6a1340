"""The store as delivery sees it: ports that libs/storage implements for each kind of store."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias, TypeVar
from uuid import UUID

from contracts.contract import Message
from messaging.envelope import Envelope, Outgoing
from messaging.inbox import InboxEntry
from messaging.records import Received
from messaging.work import Request, Settlement

W_co = TypeVar("W_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEnd:
    """How far a partition has been published: the next offset, and the last message before it.

    A log that was lost and filled anew by others may be longer, but has another message there.
    """

    next_offset: int
    message_id: str


LogEnds: TypeAlias = Mapping[tuple[str, int], LogEnd]
"""The end of each (topic, partition), as far as this store's relay has published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A record that could not be decoded or handled, with all that is needed to try it again."""

    consumer: str
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]
    error: str
    attempts: int


class Transaction(Protocol[W_co]):
    """One transaction of the store: it commits when its block ends, unless an error leaves it."""

    def work(self, cause: Envelope) -> AbstractAsyncContextManager[W_co]:
        """A unit of work for one message. When its block fails, only it is undone."""

    async def expect(self, messages: Sequence[Message]) -> None:
        """What is about to be handled, in order: a store may load what they need in one trip.

        Duplicates are among them; what goes to the durable inbox isn't.
        """

    async def received(self, ids: Sequence[UUID]) -> dict[UUID, InboxEntry]:
        """The inbox entries of those ids that have been received before."""

    @property
    def takes(self) -> frozenset[type[Message]]:
        """The kinds of messages that `take` knows about."""

    def take(self, items: Sequence[Received]) -> int:
        """Handle the first of these messages, each step for many of them at once.

        Returns how many: their handlers would have done the same, inbox and outcomes included. The
        next one is left to its handler: it is refused, or out of the ordinary in another way.
        """

    def recall(self, id: UUID) -> InboxEntry:
        """The inbox entry of a message that was taken in this transaction."""

    async def go_ahead(self) -> None:
        """Between two messages of a long batch: a store may begin to write what is done so far."""

    def remember(self, entry: InboxEntry) -> None:
        """Write an inbox entry with the transaction, replacing the one with the same id.

        A settlement that it holds is posted as an outcome to whoever asked.
        """

    async def settle(self, command_id: UUID, settlement: Settlement) -> None:
        """Write the outcome of a deferred command and post it. The first settlement stands."""

    async def enqueue(self, jobs: Sequence["Job"]) -> None:
        """Put messages into the durable inbox. An id that is there already stays as it is."""

    async def end(self, job: "Job") -> None:
        """Take a job out of the durable inbox.

        Raises LeaseLost when its lease has passed to another worker.
        """

    def post(self, message: Outgoing) -> None:
        """Put a message into the outbox."""

    def bury(self, letter: DeadLetter) -> None:
        """Keep a dead letter, and publish it on the dead-letter topic."""


class OneByOne:
    """The part of a Transaction that handles each message by its handler, and writes at once."""

    takes: frozenset[type[Message]] = frozenset()

    def take(self, _items: Sequence[Received]) -> int:
        """See Transaction. None."""
        return 0

    def recall(self, id: UUID) -> InboxEntry:
        """See Transaction."""
        raise AssertionError(f"{id} was not taken")

    async def go_ahead(self) -> None:
        """See Transaction. All that was done has been written."""


class Store(Protocol[W_co]):
    """A service's store."""

    def begin(self) -> AbstractAsyncContextManager[Transaction[W_co]]:
        """A transaction. Waits a bounded time for its turn."""

    def is_transient(self, error: BaseException) -> bool:
        """Is the store away or busy (try again later), rather than the code wrong?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One row of an outbox: messages that were committed together, in order."""

    id: int
    messages: Sequence[Outgoing]


class Outbox(Protocol):
    """Messages that have been committed and are on their way, or have been sent."""

    async def unsent(self, limit: int) -> list[Parcel]:
        """The oldest unsent parcels."""

    async def mark_sent(self, ids: Sequence[int], log_ends: LogEnds) -> None:
        """These parcels are in the log; `log_ends` are the partitions' ends after them."""

    async def log_ends(self) -> dict[tuple[str, int], LogEnd]:
        """How far the log reached when this store last published."""

    async def resend(self, *, since: datetime, until: datetime | None = None) -> int:
        """Mark what was committed in that time as unsent; forget the log's ends.

        Returns the number of parcels.
        """

    async def purge(self, *, before: datetime) -> int:
        """Delete parcels that were sent before that moment. Returns how many."""

    async def lead(self, holder: str, *, lease_s: float) -> bool:
        """Take or keep the lease of this store's one active relay; False: somebody else has it."""


class Inbox(Protocol):
    """What has been received."""

    async def purge(self, *, before: datetime) -> int:
        """Delete what was received before that moment. Returns how many.

        A command whose outcome is still owed stays.
        """


class Requests(Protocol):
    """Commands whose outcome somebody waits for."""

    async def due(self, now: datetime, limit: int) -> list[tuple[Request, int]]:
        """Requests to send again, with how often they have been sent."""

    async def ask_again(self, requests: Mapping[UUID, datetime]) -> None:
        """Post each of these once more and put its next turn at that time, in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A message in the durable inbox, waiting for a worker."""

    id: UUID
    key: str
    value: str
    headers: Mapping[str, str]
    attempts: int = 0
    lease: UUID | None = None


class Jobs(Protocol):
    """The durable inbox: leased to workers, in order within a key, parallel across keys."""

    async def lease(self, limit: int, *, lease_s: float) -> list[Job]:
        """Lease the oldest waiting jobs, at most one of each key, whose pause is over."""

    async def renew(self, job: Job, *, lease_s: float) -> bool:
        """Keep a lease. False: it has been lost."""

    async def pause(
        self, job: Job, *, until: datetime, error: str, is_counted: bool = True
    ) -> None:
        """Give a job back: to be tried again from `until` on.

        Not counted: the run was not the job's fault and its attempts stay as they were.
        """


class LeaseLost(Exception):
    """Another worker has the job now."""
