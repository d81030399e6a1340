"""What the ledger's store needs of a database."""

from collections.abc import Collection, Sequence
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.domain.account import Account
from ledger.domain.changes import Changes, Head
from ledger.domain.hold import Hold
from ledger.domain.transaction import Transaction


class Fenced(Exception):
    """Another writer has taken the book since. Nothing was written; what is in memory is stale."""

    def __init__(self, book: str) -> None:
        super().__init__(f"the book {book} has another writer now")


class LedgerRows(Protocol):
    """Reads and writes a book's rows in the transaction on `connection`."""

    async def take(self, connection: AsyncConnection, name: str) -> Head | None:
        """The book under a new epoch, which shuts out all writers before. None: no such book."""

    async def accounts(
        self, connection: AsyncConnection, ids: Collection[UUID]
    ) -> list[Account]: ...

    async def holds(self, connection: AsyncConnection, ids: Collection[UUID]) -> list[Hold]: ...

    async def transactions(
        self, connection: AsyncConnection, ids: Collection[UUID], book_number: int
    ) -> list[Transaction]:
        """Without their entries, of whatever book."""

    async def fence(self, connection: AsyncConnection, head: Head) -> None:
        """Lock the book until the transaction ends. Raises Fenced."""

    def added(self, new: Sequence[Transaction], posted: Sequence[Transaction]) -> Any:
        """Rows of new transactions, and of the entries of those that have moved money.

        As they are now: whatever changes them afterwards is another change.
        """

    async def append(self, connection: AsyncConnection, added: Any) -> None:
        """Write what `added` has made."""

    async def write(self, connection: AsyncConnection, head: Head, changes: Changes) -> None:
        """All that has changed, and where the book stands now. Raises Fenced."""
