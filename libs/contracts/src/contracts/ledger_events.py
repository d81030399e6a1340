"""What the ledger announces."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from contracts.contract import Event, UtcDatetime, View
from contracts.ledger import TransactionKind
from contracts.money import CurrencyCode, MinorUnits
from contracts.topics import LEDGER_EVENTS, Topic


class LedgerEvent(Event):
    """Announced by the ledger."""

    topic: ClassVar[Topic] = LEDGER_EVENTS


class AccountOpened(LedgerEvent):
    """An account can take part in transactions."""

    aggregate: ClassVar[str] = "account_id"
    type: Literal["AccountOpened"] = "AccountOpened"
    account_id: UUID
    owner_id: UUID
    currency: CurrencyCode
    name: str
    minimum: int = 0


class AccountChanged(LedgerEvent):
    """An account has another name or another minimum."""

    aggregate: ClassVar[str] = "account_id"
    type: Literal["AccountChanged"] = "AccountChanged"
    account_id: UUID
    owner_id: UUID
    name: str
    minimum: int


class AccountClosed(LedgerEvent):
    """An account takes part in nothing new; what is held on it may still be captured."""

    aggregate: ClassVar[str] = "account_id"
    type: Literal["AccountClosed"] = "AccountClosed"
    account_id: UUID
    owner_id: UUID


class PostedEntry(View):
    """One side of a transaction: `amount` is negative where money leaves the account."""

    account_id: UUID
    owner_id: UUID | None
    amount: int
    balance: int
    version: int


class TransactionPosted(LedgerEvent):
    """Money has moved. Entries sum to zero per currency; each shows its account's balance after.

    `amount` and `currency` are None for a journal of several currencies; `corrects` is what a
    reversal or a refund takes back.
    """

    aggregate: ClassVar[str] = "transaction_id"
    type: Literal["TransactionPosted"] = "TransactionPosted"
    transaction_id: UUID
    reference_id: str
    kind: TransactionKind
    currency: CurrencyCode | None
    amount: MinorUnits | None
    description: str
    corrects: UUID | None = None
    entries: list[PostedEntry]


class TransactionPending(LedgerEvent):
    """Money is set aside for a transaction that waits to be completed or cancelled."""

    aggregate: ClassVar[str] = "transaction_id"
    type: Literal["TransactionPending"] = "TransactionPending"
    transaction_id: UUID
    reference_id: str
    kind: TransactionKind
    account_id: UUID
    amount: MinorUnits
    currency: CurrencyCode
    expires_at: UtcDatetime | None


class TransactionCancelled(LedgerEvent):
    """A pending transaction has ended without moving money."""

    aggregate: ClassVar[str] = "transaction_id"
    type: Literal["TransactionCancelled"] = "TransactionCancelled"
    transaction_id: UUID
    reason: Literal["cancelled", "expired"]


class TransactionRefused(LedgerEvent):
    """A rule said no to a transaction: it has failed, and nothing has moved."""

    aggregate: ClassVar[str] = "transaction_id"
    type: Literal["TransactionRefused"] = "TransactionRefused"
    transaction_id: UUID
    kind: TransactionKind
    amount: MinorUnits
    currency: CurrencyCode
    reason: str


class HoldPlaced(LedgerEvent):
    """Money is set aside: no longer available, not yet moved."""

    aggregate: ClassVar[str] = "hold_id"
    type: Literal["HoldPlaced"] = "HoldPlaced"
    hold_id: UUID
    account_id: UUID
    amount: MinorUnits
    currency: CurrencyCode
    expires_at: UtcDatetime | None = None


class HoldCaptured(LedgerEvent):
    """A hold has become a transaction; what it didn't take is available again."""

    aggregate: ClassVar[str] = "hold_id"
    type: Literal["HoldCaptured"] = "HoldCaptured"
    hold_id: UUID
    account_id: UUID
    transaction_id: UUID
    captured: MinorUnits
    currency: CurrencyCode


class HoldVoided(LedgerEvent):
    """A hold is given back whole."""

    aggregate: ClassVar[str] = "hold_id"
    type: Literal["HoldVoided"] = "HoldVoided"
    hold_id: UUID
    account_id: UUID


class HoldExpired(LedgerEvent):
    """A hold's time is over, and it is given back whole."""

    aggregate: ClassVar[str] = "hold_id"
    type: Literal["HoldExpired"] = "HoldExpired"
    hold_id: UUID
    account_id: UUID


LedgerEvents = Annotated[
    AccountOpened
    | AccountChanged
    | AccountClosed
    | TransactionPosted
    | TransactionPending
    | TransactionCancelled
    | TransactionRefused
    | HoldPlaced
    | HoldCaptured
    | HoldVoided
    | HoldExpired,
    Field(discriminator="type"),
]
