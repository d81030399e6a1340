from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal
from uuid import UUID

from ledger.domain.account import Account, Entry
from ledger.domain.refusals import SelfTransfer

TransactionKind = Literal["credit", "debit", "transfer"]


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """A movement of money. Its entries sum to zero."""

    id: UUID
    kind: TransactionKind
    amount: int
    currency: str
    account_id: UUID
    to_account_id: UUID | None
    description: str
    created_at: datetime
    entries: tuple[Entry, Entry]

    def __post_init__(self) -> None:
        assert sum(entry.amount for entry in self.entries) == 0, "money is neither made nor lost"

    @property
    def reference_id(self) -> str:
        return reference_of(self.id)


def reference_of(transaction_id: UUID) -> str:
    """What people quote: `TXN-` and twelve hexadecimal digits."""
    return f"TXN-{sha256(transaction_id.bytes).hexdigest()[:12].upper()}"


def move(
    *,
    id: UUID,
    kind: TransactionKind,
    amount: int,
    currency: str,
    source: Account,
    target: Account,
    description: str,
    at: datetime,
) -> Transaction:
    """Move money between two accounts of its currency."""
    if source.id == target.id:
        raise SelfTransfer(source.id)
    source.require_currency(currency)
    target.require_currency(currency)
    return Transaction(
        id=id,
        kind=kind,
        amount=amount,
        currency=currency,
        account_id=target.id if kind == "credit" else source.id,
        to_account_id=target.id if kind == "transfer" else None,
        description=description,
        created_at=at,
        entries=(source.withdraw(amount), target.deposit(amount)),
    )
