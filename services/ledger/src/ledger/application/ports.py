"""What the use cases need of the outside world."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts.contract import Event
from contracts.ledger import PostTransaction
from ledger.domain.book import Book
from messaging.envelope import Envelope
from messaging.work import PreparedEvent


class LedgerWork(Protocol):
    """One command's unit of work: decides in memory, undone when it is refused."""

    def book(self, name: str) -> Book:
        """That book, with all in memory that `needs_of` names. Raises BookNotFound."""

    @property
    def cause(self) -> Envelope: ...

    def announce(self, event: Event | PreparedEvent, *, version: int) -> None: ...

    def keep_as_inbox(self, command: PostTransaction) -> None:
        """The transaction is the command's inbox entry, and when it is refused a failed one."""


class DueHolds(Protocol):
    async def due(self, now: datetime, limit: int) -> list[tuple[str, UUID]]:
        """Book and id of holds that are open although their time is over, the oldest first."""

    async def expire(self, due: list[tuple[str, UUID]], minute: int) -> None:
        """Send an ExpireHold for each. Repeated in the same minute, they are duplicates."""
