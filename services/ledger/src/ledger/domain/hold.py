from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from ledger.domain.refusals import (
    CaptureBeyondHold,
    ExpiresInThePast,
    HoldNotDue,
    HoldNotOpen,
)

HoldStatus = Literal["held", "captured", "voided", "expired"]


@dataclass(slots=True, kw_only=True, eq=False)
class Hold:
    """Money set aside on an account until it is captured, voided or expires, which happens once.

    A pending transaction has a hold with its own id, and `transaction_id` names it. `target_id` is
    where a capture goes; None: to sales.
    """

    id: UUID
    book: str
    account_id: UUID
    amount: int
    currency: str
    description: str
    created_at: datetime
    target_id: UUID | None = None
    transaction_id: UUID | None = None
    expires_at: datetime | None = None
    captured: int = 0
    status: HoldStatus = "held"
    version: int = 1

    def capture(self, amount: int | None, *, at: datetime) -> int:
        """End it by taking `amount`, or all of it. Returns what was taken."""
        self._require_open()
        if self.expires_at is not None and at >= self.expires_at:
            raise HoldNotOpen(self.id, hold_status="expired")
        taken = self.amount if amount is None else amount
        if taken > self.amount:
            raise CaptureBeyondHold(
                self.id, requested=taken, available=self.amount, currency=self.currency
            )
        self._end("captured", captured=taken)
        return taken

    def void(self) -> None:
        self._require_open()
        self._end("voided")

    def expire(self, *, at: datetime) -> None:
        self._require_open()
        if self.expires_at is None or at < self.expires_at:
            raise HoldNotDue(self.id, expires_at=self.expires_at)
        self._end("expired")

    def _require_open(self) -> None:
        if self.status != "held":
            raise HoldNotOpen(self.id, hold_status=self.status)

    def _end(self, status: HoldStatus, *, captured: int = 0) -> None:
        self.status = status
        self.captured = captured
        self.version += 1


def require_ahead(expires_at: datetime | None, *, at: datetime) -> None:
    """What is set aside expires later than it is set aside, if it expires at all."""
    if expires_at is not None and expires_at <= at:
        raise ExpiresInThePast(expires_at=expires_at)
