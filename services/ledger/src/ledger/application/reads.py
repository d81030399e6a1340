"""What can be looked up."""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from contracts.ledger_views import (
    AccountView,
    AuditView,
    BalanceView,
    EntryView,
    HoldView,
    TransactionView,
    TrialBalanceView,
)
from contracts.paging import Page
from ledger.domain.moves import total_of
from ledger.domain.transaction import Transaction, TransactionKind, TransactionStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which transactions; None: any. An account is one that money left or reached."""

    status: TransactionStatus | None = None
    kind: TransactionKind | None = None
    account_id: UUID | None = None
    reference_id: str | None = None


class StatementLine(NamedTuple):
    """An entry with what there is to say about its transaction. Amounts are in minor units."""

    created_at: datetime
    transaction_id: UUID
    reference_id: str
    kind: TransactionKind
    version: int
    amount: int
    balance: int
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFrame:
    """An account from `starts_at` until just before `ends_at`: its entries with a version after
    `opening_version` and up to `closing_version`, whatever is entered from now on."""

    account_id: UUID
    name: str
    currency: str
    starts_at: datetime
    ends_at: datetime
    opening_balance: int
    opening_version: int
    closing_balance: int
    closing_version: int


class LedgerReads(Protocol):
    """`owner_id` limits the view to one person; None sees everything."""

    async def account(self, account_id: UUID, owner_id: UUID | None) -> AccountView:
        """Raises AccountNotFound."""

    async def accounts(
        self, owner_id: UUID | None, *, limit: int, after: str | None
    ) -> Page[AccountView]: ...

    async def entries(
        self,
        account_id: UUID,
        owner_id: UUID | None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int,
        after: str | None,
    ) -> Page[EntryView]:
        """Newest first; both moments are within. Raises AccountNotFound."""

    async def balance(
        self, account_id: UUID, owner_id: UUID | None, *, at: datetime | None
    ) -> BalanceView:
        """At that moment, or now. Raises AccountNotFound."""

    async def statement(
        self, account_id: UUID, owner_id: UUID | None, *, starts_at: datetime, ends_at: datetime
    ) -> StatementFrame:
        """Raises AccountNotFound."""

    async def statement_size(self, frame: StatementFrame) -> int:
        """How many entries it has."""

    def statement_lines(self, frame: StatementFrame) -> AsyncIterator[list[StatementLine]]:
        """Its entries, oldest first and some at a time."""

    async def transaction(self, transaction_id: UUID, owner_id: UUID | None) -> TransactionView:
        """Raises TransactionNotFound."""

    async def transactions(
        self, owner_id: UUID | None, wanted: Wanted, *, limit: int, after: str | None
    ) -> Page[TransactionView]:
        """Newest first. A person sees what moved their money or was to take it."""

    async def hold(self, hold_id: UUID) -> HoldView:
        """Raises HoldNotFound."""

    async def trial_balance(self) -> TrialBalanceView: ...

    async def audit(self) -> AuditView: ...


def is_about(transaction: Transaction, own: Collection[UUID], owner_id: UUID | None = None) -> bool:
    """Has it moved money of these accounts, or was it to take some?

    What others have tried in vain with a person's account is not that person's business.
    """
    if transaction.status == "failed" and owner_id and transaction.asked_by not in {None, owner_id}:
        return False
    return any(
        posting.source_id in own or (transaction.status == "completed" and posting.target_id in own)
        for posting in transaction.postings
    )


def is_wanted(transaction: Transaction, wanted: Wanted) -> bool:
    account_id = wanted.account_id
    return (
        wanted.status in {None, transaction.status}
        and wanted.kind in {None, transaction.kind}
        and (account_id is None or is_about(transaction, {account_id}))
    )


def share_of(transaction: Transaction, own: Collection[UUID]) -> Transaction:
    """What a person with these accounts may know of it: of a journal, the postings of theirs."""
    if len(transaction.postings) < 2:
        return transaction
    postings = tuple(
        posting
        for posting in transaction.postings
        if posting.source_id in own or posting.target_id in own
    )
    amount, currency = total_of(postings)
    return replace(transaction, postings=postings, amount=amount, currency=currency)
