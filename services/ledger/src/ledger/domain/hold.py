from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from ledger.domain.account import Account
from ledger.domain.refusals import CaptureBeyondHold, HoldNotOpen
from ledger.domain.transaction import Transaction

HoldStatus = Literal["held", "captured", "voided"]


@dataclass(kw_only=True)
class Hold:
    """Money set aside on an account until it is captured or voided, which happens once."""

    id: UUID
    account_id: UUID
    amount: int
    currency: str
    description: str
    created_at: datetime
    captured: int = 0
    status: HoldStatus = "held"
    version: int = 1

    def capture(
        self,
        *,
        transaction_id: UUID,
        amount: int | None,
        source: Account,
        target: Account,
        description: str,
        at: datetime,
    ) -> Transaction:
        """Turn the hold into a transaction; what it doesn't take is available again."""
        taken = self._require_open_for(amount)
        self._end("captured", captured=taken)
        return Transaction(
            id=transaction_id,
            kind="transfer",
            amount=taken,
            currency=self.currency,
            account_id=source.id,
            to_account_id=target.id,
            description=description or self.description,
            created_at=at,
            entries=(source.capture(held=self.amount, amount=taken), target.deposit(taken)),
        )

    def void(self, account: Account) -> None:
        self._require_open()
        account.release(self.amount)
        self._end("voided", captured=0)

    def _require_open_for(self, amount: int | None) -> int:
        self._require_open()
        taken = self.amount if amount is None else amount
        if taken > self.amount:
            raise CaptureBeyondHold(
                self.id, requested=taken, available=self.amount, currency=self.currency
            )
        return taken

    def _require_open(self) -> None:
        if self.status != "held":
            raise HoldNotOpen(self.id, hold_status=self.status)

    def _end(self, status: HoldStatus, *, captured: int) -> None:
        self.status = status
        self.captured = captured
        self.version += 1


def place_on(
    account: Account, *, id: UUID, amount: int, currency: str, description: str, at: datetime
) -> Hold:
    """Set money aside on an account of its currency."""
    account.require_currency(currency)
    account.hold(amount)
    return Hold(
        id=id,
        account_id=account.id,
        amount=amount,
        currency=currency,
        description=description,
        created_at=at,
    )
