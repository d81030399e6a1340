"""What an account says of itself against what its entries and its open holds say."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An account whose balance, held money or version is not what follows from the other tables."""

    account_id: UUID
    currency: str
    minimum: int | None
    posted: int
    held: int
    version: int
    entered: int
    open_holds: int
    last_version: int

    @property
    def breaks_the_rule(self) -> bool:
        """Would it, mended, have less than nothing available?"""
        return self.minimum is not None and self.entered - self.open_holds < self.minimum

    @property
    def next_version(self) -> int:
        return max(self.version, self.last_version) + 1


class CannotMend(Exception):
    """What the entries and holds say can't be true of these accounts. Nothing was changed."""

    def __init__(self, differences: list[Difference]) -> None:
        super().__init__(f"{len(differences)} accounts would have less than nothing available")
        self.differences = differences


class Balances(Protocol):
    """The accounts of a book, reckoned up from entries and open holds. None: no such book."""

    async def differences(self, book: str) -> list[Difference] | None:
        """Where the accounts say something else. Changes nothing."""

    async def mend(self, book: str) -> list[Difference] | None:
        """The same, and the accounts say it from now on. Raises CannotMend.

        Whoever writes the book is shut out first: it drops what it has in memory, and goes on.
        """
