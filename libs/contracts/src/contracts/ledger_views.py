"""What the ledger shows."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from contracts.contract import UtcDatetime, VersionedView, View
from contracts.ledger import AccountKind, HoldStatus, Metadata, TransactionKind, TransactionStatus
from contracts.money import CurrencyCode, DecimalText

TotalText = Annotated[str, StringConstraints(pattern=r"^-?\d+(\.\d+)?$")]
"""A sum of amounts: a decimal string that may have more digits than any amount."""


class AccountView(VersionedView):
    """An account as its owner and staff see it. The house's own accounts have no minimum."""

    book: str
    owner_id: UUID | None
    name: str
    kind: AccountKind
    currency: CurrencyCode
    balance: DecimalText
    held: DecimalText
    available: DecimalText
    minimum_balance: DecimalText | None
    is_closed: bool


class EntryView(View):
    """One change of an account's balance."""

    transaction_id: UUID
    reference_id: str
    version: int
    amount: DecimalText
    balance: DecimalText
    description: str
    created_at: UtcDatetime


class BalanceView(View):
    """What an account had at a moment: the balance after its last entry up to and including it."""

    account_id: UUID
    currency: CurrencyCode
    at: UtcDatetime
    balance: DecimalText
    version: int


class PostingView(View):
    """An amount that left one account and reached another."""

    source_id: UUID
    target_id: UUID
    amount: DecimalText
    currency: CurrencyCode


class TransactionView(View):
    """A movement of money. `reference_id` is what people quote: `TXN-7C0A91F2B6E4`.

    A journal has `postings` instead of accounts, and no amount when it has several currencies.
    `corrects` is what a reversal or a refund takes back; `failure` why a failed one was refused.
    """

    id: UUID
    type: TransactionKind
    status: TransactionStatus
    amount: DecimalText | None
    currency: CurrencyCode | None
    account_id: UUID | None
    to_account_id: UUID | None
    reference_id: str
    description: str
    metadata: Metadata
    created_at: UtcDatetime
    ended_at: UtcDatetime | None
    corrects: UUID | None = None
    refunded: DecimalText | None = None
    is_reversed: bool = False
    failure: str | None = None
    postings: list[PostingView] = Field(default_factory=list)


class HoldView(VersionedView):
    """Money set aside on an account."""

    account_id: UUID
    amount: DecimalText
    captured: DecimalText
    currency: CurrencyCode
    status: HoldStatus
    description: str
    expires_at: UtcDatetime | None
    transaction_id: UUID | None


class CurrencyTotal(View):
    """All debits and credits of one currency; their difference is zero in a sound ledger."""

    currency: CurrencyCode
    debits: TotalText
    credits: TotalText
    difference: TotalText


class TrialBalanceView(View):
    """Every currency's totals. `balanced`: all differences are zero."""

    balanced: bool
    currencies: list[CurrencyTotal]


class StatementEntry(EntryView):
    """A line of a statement."""

    type: TransactionKind


class StatementView(View):
    """What happened to an account from `starts_at` until just before `ends_at`, oldest first.

    `opening_balance` and all amounts add up to `closing_balance`; `total_out` is not negative.
    """

    account_id: UUID
    name: str
    currency: CurrencyCode
    starts_at: UtcDatetime
    ends_at: UtcDatetime
    opening_balance: DecimalText
    total_in: TotalText
    total_out: TotalText
    closing_balance: DecimalText
    entries: list[StatementEntry]


class BookView(View):
    """Where a book stands: how much it has counted, and the last link of its chain in hex."""

    book: str
    transactions: int
    postings: int
    link: str
    last_at: UtcDatetime


class AuditView(View):
    """Every book, to be compared with what was noted of it before."""

    books: list[BookView]
