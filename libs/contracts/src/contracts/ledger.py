"""What the ledger takes. What it announces and shows, and what clients send, is beside it."""

from typing import Annotated, ClassVar, Final, Literal
from uuid import UUID

from pydantic import Field

from contracts.contract import Command, UtcDatetime, View
from contracts.money import MAX_MINOR_UNITS, CurrencyCode, MinorUnits
from contracts.topics import LEDGER_COMMANDS, Topic

AccountKind = Literal["customer", "funding", "sales"]
PostedKind = Literal["credit", "debit", "transfer"]
TransactionKind = Literal["credit", "debit", "transfer", "journal", "reversal", "refund"]
TransactionStatus = Literal["pending", "completed", "failed", "cancelled"]
HoldStatus = Literal["held", "captured", "voided", "expired"]
SignedMinorUnits = Annotated[int, Field(strict=True, ge=-MAX_MINOR_UNITS, le=MAX_MINOR_UNITS)]
Metadata = dict[str, str]

MAX_POSTINGS: Final = 100
"""Of one journal."""


class LedgerCommand(Command):
    """Ledger commands are ordered within their book."""

    topic: ClassVar[Topic] = LEDGER_COMMANDS
    aggregate: ClassVar[str] = "book"
    book: str = "main"


class OpenAccount(LedgerCommand):
    """Sent by the gateway; answered with an AccountView.

    What is available never falls below zero, and `minimum` is never available: below zero it is
    what the account may be overdrawn.
    """

    type: Literal["OpenAccount"] = "OpenAccount"
    account_id: UUID
    owner_id: UUID
    currency: CurrencyCode
    name: str = ""
    minimum: SignedMinorUnits = 0


class ChangeAccount(LedgerCommand):
    """Sent by the gateway; answered with an AccountView. What is None stays as it is.

    `owner_id` is the person who must own the account, or None when staff act; `expected_version`
    the version that the change was made for. A minimum comes with its currency.
    """

    type: Literal["ChangeAccount"] = "ChangeAccount"
    account_id: UUID
    owner_id: UUID | None = None
    expected_version: int | None = None
    name: str | None = None
    minimum: SignedMinorUnits | None = None
    currency: CurrencyCode | None = None


class CloseAccount(LedgerCommand):
    """Sent by the gateway; answered with an AccountView.

    Nothing may be left on it but what is held: that may still be captured or released, and what was
    released be paid out.
    """

    type: Literal["CloseAccount"] = "CloseAccount"
    account_id: UUID
    owner_id: UUID | None = None


class PostTransaction(LedgerCommand):
    """Sent by the gateway; answered with a TransactionView.

    `owner_id` is the person who must own the debited account, or None when staff act. A pending
    transaction sets the money aside until it is completed or cancelled, or expires. Sent with the
    id of its transaction, it is its own inbox entry.
    """

    type: Literal["PostTransaction"] = "PostTransaction"
    transaction_id: UUID
    kind: PostedKind
    account_id: UUID
    to_account_id: UUID | None = None
    amount: MinorUnits
    currency: CurrencyCode
    description: str = ""
    metadata: Metadata = Field(default_factory=dict)
    owner_id: UUID | None = None
    is_pending: bool = False
    expires_at: UtcDatetime | None = None


class Posting(View):
    """An amount that leaves one account and reaches another of the same currency."""

    source_id: UUID
    target_id: UUID
    amount: MinorUnits
    currency: CurrencyCode


class PostJournal(LedgerCommand):
    """Sent by the gateway for staff: postings, all or none; answered with a TransactionView.

    They apply in their order. Each moves one amount between two accounts, so that every currency
    sums to zero.
    """

    type: Literal["PostJournal"] = "PostJournal"
    transaction_id: UUID
    postings: Annotated[list[Posting], Field(min_length=1, max_length=MAX_POSTINGS)]
    description: str = ""
    metadata: Metadata = Field(default_factory=dict)


class CompleteTransaction(LedgerCommand):
    """Sent by the gateway for staff; answered with the TransactionView of a pending transaction.

    No amount: all of it; an amount comes with its currency. The rest is available again.
    """

    type: Literal["CompleteTransaction"] = "CompleteTransaction"
    transaction_id: UUID
    amount: MinorUnits | None = None
    currency: CurrencyCode | None = None


class CancelTransaction(LedgerCommand):
    """Sent by the gateway; answered with the TransactionView of a pending transaction.

    `owner_id` is the person who must have asked for it, or None when staff act.
    """

    type: Literal["CancelTransaction"] = "CancelTransaction"
    transaction_id: UUID
    owner_id: UUID | None = None


class ReverseTransaction(LedgerCommand):
    """Sent by the gateway for staff; answered with the TransactionView of the reversal.

    Moves everything back, once, unless something was refunded before.
    """

    type: Literal["ReverseTransaction"] = "ReverseTransaction"
    transaction_id: UUID
    reversed_id: UUID
    description: str = ""


class RefundTransaction(LedgerCommand):
    """Sent by the gateway for staff, and by catalog; answered with the refund's TransactionView.

    No amount: all that hasn't been refunded yet; an amount comes with its currency.
    """

    type: Literal["RefundTransaction"] = "RefundTransaction"
    transaction_id: UUID
    refunded_id: UUID
    amount: MinorUnits | None = None
    currency: CurrencyCode | None = None
    description: str = ""


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
    expires_at: UtcDatetime | None = None


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


class ExpireHold(LedgerCommand):
    """Sent by the ledger to itself when a hold's time is over; answered with a HoldView."""

    type: Literal["ExpireHold"] = "ExpireHold"
    hold_id: UUID


LedgerCommands = Annotated[
    OpenAccount
    | ChangeAccount
    | CloseAccount
    | PostTransaction
    | PostJournal
    | CompleteTransaction
    | CancelTransaction
    | ReverseTransaction
    | RefundTransaction
    | PlaceHold
    | CaptureHold
    | VoidHold
    | ExpireHold,
    Field(discriminator="type"),
]
