from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from ledger.domain.account import Entry
from ledger.domain.refusals import (
    NotCorrectable,
    RefundBeyondTransaction,
    TransactionNotPending,
)

TransactionKind = Literal["credit", "debit", "transfer", "journal", "reversal", "refund"]
TransactionStatus = Literal["pending", "completed", "failed", "cancelled"]


class Posting(NamedTuple):
    """An amount on its way from one account to another of the same currency."""

    source_id: UUID
    target_id: UUID
    amount: int
    currency: str


@dataclass(slots=True, kw_only=True, eq=False)
class Transaction:
    """A movement of money; or one that waits, was refused (failed) or was given up (cancelled).

    `number` counts the transactions of a book, `posting` those that have moved money: its entries
    sum to zero in each currency, and `link` ties them to all that were posted before. Of what was
    `refunded` or reversed there is never more than it moved. `amount` and `currency` are None for a
    journal of several currencies. `is_new`: decided in the batch that is in hand.
    """

    id: UUID
    book: str
    number: int
    reference_id: str
    kind: TransactionKind
    status: TransactionStatus
    amount: int | None
    currency: str | None
    postings: tuple[Posting, ...]
    description: str
    metadata: Mapping[str, str]
    created_at: datetime
    ended_at: datetime | None = None
    corrects: UUID | None = None
    refunded: int = 0
    is_reversed: bool = False
    asked_by: UUID | None = None
    entries: tuple[Entry, ...] = ()
    posting: int | None = None
    link: bytes | None = None
    failure: str | None = None
    fingerprint: bytes | None = None
    is_new: bool = False

    @property
    def account_id(self) -> UUID | None:
        """Of a credit where it goes; else where the money comes from. None: several postings."""
        if len(self.postings) != 1:
            return None
        posting = self.postings[0]
        return posting.target_id if self.kind == "credit" else posting.source_id

    @property
    def to_account_id(self) -> UUID | None:
        """Where the money goes, unless that is the funding account. None: several postings."""
        if len(self.postings) != 1 or self.kind in ("credit", "debit"):
            return None
        return self.postings[0].target_id

    def require_pending(self) -> None:
        if self.status != "pending":
            raise TransactionNotPending(self.id, transaction_status=self.status)

    def to_refund(self, amount: int | None) -> Posting:
        """The posting that gives `amount` back, or all that is left. Raises what forbids it."""
        if self.kind not in ("debit", "transfer") or self.amount is None or self.currency is None:
            raise NotCorrectable(self.id, reason=f"a {self.kind} is not refunded")
        self._require_correctable()
        left = self.amount - self.refunded
        given = left if amount is None else amount
        if given > left or given == 0:
            raise RefundBeyondTransaction(
                self.id, requested=given or self.amount, available=left, currency=self.currency
            )
        moved = self.postings[0]
        return Posting(moved.target_id, moved.source_id, given, self.currency)

    def to_reverse(self) -> tuple[Posting, ...]:
        """The postings that undo it, the last one first. Raises what forbids it."""
        if self.kind in ("reversal", "refund"):
            raise NotCorrectable(self.id, reason=f"a {self.kind} is not reversed")
        self._require_correctable()
        if self.refunded:
            raise NotCorrectable(self.id, reason="part of it was refunded")
        return tuple(
            Posting(moved.target_id, moved.source_id, moved.amount, moved.currency)
            for moved in reversed(self.postings)
        )

    def _require_correctable(self) -> None:
        if self.status != "completed":
            raise NotCorrectable(self.id, reason=f"it is {self.status}")
        if self.is_reversed:
            raise NotCorrectable(self.id, reason="it was reversed")
