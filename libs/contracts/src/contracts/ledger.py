"""What the ledger takes, announces and shows."""

from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from contracts.contract import Body, Command, Event, UtcDatetime, VersionedView, View
from contracts.money import AmountText, CurrencyCode, DecimalText, MinorUnits
from contracts.topics import LEDGER_COMMANDS, LEDGER_EVENTS, Topic

TransactionKind = Literal["credit", "debit", "transfer"]
TransactionStatus = Literal["pending", "completed", "failed", "cancelled"]
HoldStatus = Literal["held", "captured", "voided"]
Description = Annotated[str, StringConstraints(max_length=500)]
AccountName = Annotated[str, StringConstraints(max_length=100)]


class AccountRequest(Body):
    """A customer opens an account of their own."""

    currency: CurrencyCode
    name: AccountName = ""


class TransactionRequest(Body):
    """Staff credit or debit an account; an owner transfers from theirs."""

    type: TransactionKind
    account_id: UUID
    to_account_id: UUID | None = None
    amount: AmountText
    currency: CurrencyCode
    description: Description = ""

    @model_validator(mode="after")
    def _names_a_destination_exactly_for_a_transfer(self) -> Self:
        if self.type == "transfer" and self.to_account_id is None:
            raise ValueError("a transfer needs to_account_id")
        if self.type != "transfer" and self.to_account_id is not None:
            raise ValueError(f"a {self.type} has no to_account_id")
        return self


class HoldRequest(Body):
    """Staff set money aside on an account."""

    account_id: UUID
    amount: AmountText
    currency: CurrencyCode
    description: Description = ""


class CaptureRequest(Body):
    """How much of a hold to take; all of it when no amount is given."""

    amount: AmountText | None = None
    currency: CurrencyCode | None = None

    @model_validator(mode="after")
    def _an_amount_has_a_currency(self) -> Self:
        if (self.amount is None) != (self.currency is None):
            raise ValueError("amount and currency go together")
        return self


class LedgerCommand(Command):
    """Ledger commands are ordered within their book."""

    topic: ClassVar[Topic] = LEDGER_COMMANDS
    aggregate: ClassVar[str] = "book"
    book: str = "main"


class OpenAccount(LedgerCommand):
    """Sent by the gateway; answered with an AccountView."""

    type: Literal["OpenAccount"] = "OpenAccount"
    account_id: UUID
    owner_id: UUID
    currency: CurrencyCode
    name: str = ""


class PostTransaction(LedgerCommand):
    """Sent by the gateway; answered with a TransactionView.

    `owner_id` is the person who must own the debited account, or None when staff act.
    """

    type: Literal["PostTransaction"] = "PostTransaction"
    transaction_id: UUID
    kind: TransactionKind
    account_id: UUID
    to_account_id: UUID | None = None
    amount: MinorUnits
    currency: CurrencyCode
    description: str = ""
    owner_id: UUID | None = None


class PlaceHold(LedgerCommand):
    """Sent by the gateway for staff and by catalog's order saga; answered with a HoldView.

    `owner_id` is the person who must own the account, or None when staff act.
    """

    type: Literal["PlaceHold"] = "PlaceHold"
    hold_id: UUID
    account_id: UUID
    amount: MinorUnits
    currency: CurrencyCode
    description: str = ""
    owner_id: UUID | None = None


class CaptureHold(LedgerCommand):
    """Sent by the gateway for staff and by catalog's order saga; answered with a TransactionView.

    The money goes to the organisation's sales account. No amount: all that is held; an amount comes
    with its currency. What isn't captured is released.
    """

    type: Literal["CaptureHold"] = "CaptureHold"
    hold_id: UUID
    transaction_id: UUID
    amount: MinorUnits | None = None
    currency: CurrencyCode | None = None
    description: str = ""


class VoidHold(LedgerCommand):
    """Sent by the gateway for staff and by catalog's order saga; answered with a HoldView."""

    type: Literal["VoidHold"] = "VoidHold"
    hold_id: UUID


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


class PostedEntry(View):
    """One side of a transaction: `amount` is negative where money leaves the account."""

    account_id: UUID
    owner_id: UUID | None
    amount: int
    balance: int
    version: int


class TransactionPosted(LedgerEvent):
    """Money has moved. The entries sum to zero; each shows its account's balance afterwards."""

    aggregate: ClassVar[str] = "transaction_id"
    type: Literal["TransactionPosted"] = "TransactionPosted"
    transaction_id: UUID
    reference_id: str
    kind: TransactionKind
    currency: CurrencyCode
    amount: MinorUnits
    description: str
    entries: list[PostedEntry]


class HoldPlaced(LedgerEvent):
    """Money is set aside: no longer available, not yet moved."""

    aggregate: ClassVar[str] = "hold_id"
    type: Literal["HoldPlaced"] = "HoldPlaced"
    hold_id: UUID
    account_id: UUID
    amount: MinorUnits
    currency: CurrencyCode


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


LedgerCommands = Annotated[
    OpenAccount | PostTransaction | PlaceHold | CaptureHold | VoidHold,
    Field(discriminator="type"),
]
LedgerEvents = Annotated[
    AccountOpened | TransactionPosted | HoldPlaced | HoldCaptured | HoldVoided,
    Field(discriminator="type"),
]


class AccountView(VersionedView):
    """An account as its owner and staff see it."""

    owner_id: UUID | None
    name: str
    kind: Literal["customer", "funding", "sales"]
    currency: CurrencyCode
    balance: DecimalText
    held: DecimalText
    available: DecimalText
    is_closed: bool


class EntryView(View):
    """One change of an account's balance."""

    transaction_id: UUID
    version: int
    amount: DecimalText
    balance: DecimalText
    description: str
    created_at: UtcDatetime


class TransactionView(View):
    """A movement of money. `reference_id` is what people quote: `TXN-7C0A91F2B6E4`."""

    id: UUID
    type: TransactionKind
    status: TransactionStatus
    amount: DecimalText
    currency: CurrencyCode
    account_id: UUID
    to_account_id: UUID | None
    reference_id: str
    description: str
    created_at: UtcDatetime


class HoldView(VersionedView):
    """Money set aside on an account."""

    account_id: UUID
    amount: DecimalText
    captured: DecimalText
    currency: CurrencyCode
    status: HoldStatus
    description: str


class CurrencyTotal(View):
    """All debits and credits of one currency; their difference is zero in a sound ledger."""

    currency: CurrencyCode
    debits: DecimalText
    credits: DecimalText
    difference: DecimalText


class TrialBalanceView(View):
    """Every currency's totals. `balanced`: all differences are zero."""

    balanced: bool
    currencies: list[CurrencyTotal]
