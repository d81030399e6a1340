"""What the use cases need of the outside world."""

from typing import Protocol
from uuid import UUID

from contracts.contract import Event
from contracts.ledger import (
    AccountView,
    EntryView,
    HoldView,
    TransactionView,
    TrialBalanceView,
)
from contracts.paging import Page
from ledger.domain.account import Account, AccountKind
from ledger.domain.hold import Hold
from ledger.domain.transaction import Transaction


class Accounts(Protocol):
    async def get(self, account_id: UUID, *, owner_id: UUID | None = None) -> Account:
        """The account, locked for this unit of work.

        Raises AccountNotFound, also when an owner is given and it is somebody else's.
        """

    async def house(self, kind: AccountKind, currency: str) -> Account:
        """The organisation's own account of that kind and currency, opened when first needed."""

    async def add(self, account: Account) -> None:
        """Raises AlreadyExists."""

    async def save(self, account: Account) -> None:
        """Write back what `get` or `house` has read."""


class Transactions(Protocol):
    async def add(self, transaction: Transaction) -> None:
        """With its entries. Raises AlreadyExists."""


class Holds(Protocol):
    async def get(self, hold_id: UUID) -> Hold:
        """The hold, locked for this unit of work. Raises HoldNotFound."""

    async def add(self, hold: Hold) -> None:
        """Raises AlreadyExists."""

    async def save(self, hold: Hold) -> None:
        """Write back what `get` has read."""


class LedgerWork(Protocol):
    """One unit of work of the ledger."""

    @property
    def accounts(self) -> Accounts: ...

    @property
    def transactions(self) -> Transactions: ...

    @property
    def holds(self) -> Holds: ...

    def announce(self, event: Event, *, version: int) -> None: ...


class LedgerReads(Protocol):
    """What can be looked up. `owner_id` limits the view to one person; None sees everything."""

    async def account(self, account_id: UUID, owner_id: UUID | None) -> AccountView:
        """Raises AccountNotFound."""

    async def accounts(
        self, owner_id: UUID | None, *, limit: int, after: str | None
    ) -> Page[AccountView]: ...

    async def entries(
        self, account_id: UUID, owner_id: UUID | None, *, limit: int, after: str | None
    ) -> Page[EntryView]:
        """Newest first. Raises AccountNotFound."""

    async def transaction(self, transaction_id: UUID, owner_id: UUID | None) -> TransactionView:
        """Raises TransactionNotFound."""

    async def transactions(
        self, owner_id: UUID | None, *, limit: int, after: str | None
    ) -> Page[TransactionView]: ...

    async def hold(self, hold_id: UUID) -> HoldView:
        """Raises HoldNotFound."""

    async def trial_balance(self) -> TrialBalanceView: ...
