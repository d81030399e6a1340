"""What clients send about money. Amounts become minor units before they reach the ledger."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from contracts.contract import Body, UtcDatetime
from contracts.ledger import MAX_POSTINGS, PostedKind
from contracts.money import AmountText, CurrencyCode, DecimalText

MAX_METADATA: int = 20

Description = Annotated[str, StringConstraints(max_length=500)]
AccountName = Annotated[str, StringConstraints(max_length=100)]
MetadataKey = Annotated[str, StringConstraints(min_length=1, max_length=40)]
MetadataValue = Annotated[str, StringConstraints(max_length=500)]


def _storable(metadata: dict[str, str]) -> dict[str, str]:
    if any("\0" in text for item in metadata.items() for text in item):
        raise ValueError("the character U+0000 is not allowed")
    return metadata


MetadataBody = Annotated[
    dict[MetadataKey, MetadataValue], Field(max_length=MAX_METADATA), AfterValidator(_storable)
]


class AccountRequest(Body):
    """A customer opens an account of their own; staff open one for `owner_id`.

    Only staff set a minimum balance; below zero it is what the account may be overdrawn.
    """

    currency: CurrencyCode
    name: AccountName = ""
    owner_id: UUID | None = None
    minimum_balance: DecimalText | None = None


class AccountChange(Body):
    """What is left out stays. Only staff change the minimum balance; it comes with a currency."""

    name: AccountName | None = None
    minimum_balance: DecimalText | None = None
    currency: CurrencyCode | None = None

    @model_validator(mode="after")
    def _a_minimum_has_a_currency(self) -> Self:
        if (self.minimum_balance is None) != (self.currency is None):
            raise ValueError("minimum_balance and currency go together")
        return self

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.name is None and self.minimum_balance is None:
            raise ValueError("name or minimum_balance is needed")
        return self


class TransactionRequest(Body):
    """Staff credit or debit an account; an owner transfers from theirs.

    A pending one sets the money aside until it is completed or cancelled, or `expires_at` comes.
    """

    type: PostedKind
    account_id: UUID
    to_account_id: UUID | None = None
    amount: AmountText
    currency: CurrencyCode
    description: Description = ""
    metadata: MetadataBody = Field(default_factory=dict)
    status: Literal["pending", "completed"] = "completed"
    expires_at: UtcDatetime | None = None

    @model_validator(mode="after")
    def _names_a_destination_exactly_for_a_transfer(self) -> Self:
        if self.type == "transfer" and self.to_account_id is None:
            raise ValueError("a transfer needs to_account_id")
        if self.type != "transfer" and self.to_account_id is not None:
            raise ValueError(f"a {self.type} has no to_account_id")
        if self.expires_at is not None and self.status != "pending":
            raise ValueError("only a pending transaction expires")
        return self


class PostingBody(Body):
    """An amount that is to leave one account and reach another of its currency."""

    source_id: UUID
    target_id: UUID
    amount: AmountText
    currency: CurrencyCode


class JournalRequest(Body):
    """Staff move several amounts at once: all of them or none."""

    postings: Annotated[list[PostingBody], Field(min_length=1, max_length=MAX_POSTINGS)]
    description: Description = ""
    metadata: MetadataBody = Field(default_factory=dict)


class CaptureRequest(Body):
    """How much of what is held, pending or refundable to take; all when no amount is given."""

    amount: AmountText | None = None
    currency: CurrencyCode | None = None

    @model_validator(mode="after")
    def _an_amount_has_a_currency(self) -> Self:
        if (self.amount is None) != (self.currency is None):
            raise ValueError("amount and currency go together")
        return self


class RefundRequest(CaptureRequest):
    """Staff give back all or part of what a transaction moved."""

    description: Description = ""


class ReversalRequest(Body):
    """Staff undo a transaction."""

    description: Description = ""


class HoldRequest(Body):
    """Staff set money aside on an account, until `expires_at` if it is given."""

    account_id: UUID
    amount: AmountText
    currency: CurrencyCode
    description: Description = ""
    expires_at: UtcDatetime | None = None
