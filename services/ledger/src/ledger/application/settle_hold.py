"""How what was set aside ends: it becomes a transaction, or it is given back."""

from typing import Literal
from uuid import UUID

from contracts.ledger_events import HoldCaptured, HoldExpired, HoldVoided, TransactionCancelled
from ledger.application.events import posted_event
from ledger.application.house import sales
from ledger.application.ports import LedgerWork
from ledger.domain.hold import Hold
from ledger.domain.transaction import Posting, Transaction


def capture(
    hold: Hold,
    work: LedgerWork,
    *,
    amount: int | None,
    currency: str | None,
    transaction_id: UUID,
    description: str = "",
) -> Transaction:
    """A pending transaction is completed; for another hold a new one is made."""
    book = work.book(hold.book)
    source = book.account(hold.account_id)
    if currency is not None:
        source.require_currency(currency)
    taken = hold.capture(amount, at=book.now)
    target = book.account(hold.target_id) if hold.target_id else sales(book, hold.currency)
    posting = Posting(source.id, target.id, taken, hold.currency)
    entries = (source.capture(held=hold.amount, amount=taken), target.deposit(taken))
    transaction = _transaction(hold, posting, work, transaction_id, description)
    book.post(transaction, entries)
    work.announce(posted_event(transaction), version=2 if hold.transaction_id else 1)
    work.announce(
        HoldCaptured(
            hold_id=hold.id,
            account_id=hold.account_id,
            transaction_id=transaction.id,
            captured=taken,
            currency=hold.currency,
        ),
        version=hold.version,
    )
    return transaction


def _transaction(
    hold: Hold, posting: Posting, work: LedgerWork, transaction_id: UUID, description: str
) -> Transaction:
    book = work.book(hold.book)
    if hold.transaction_id is None:
        text = description or hold.description
        return book.add_transaction(
            transaction_id, "transfer", "completed", (posting,), description=text
        )
    transaction = book.transaction(hold.transaction_id)
    transaction.postings, transaction.amount = (posting,), posting.amount
    return transaction


def release(hold: Hold, work: LedgerWork, reason: Literal["cancelled", "expired"]) -> None:
    """Give back what an ended hold has held, and cancel the pending transaction it was for."""
    book = work.book(hold.book)
    book.account(hold.account_id).release(hold.amount)
    kind = HoldExpired if reason == "expired" else HoldVoided
    work.announce(kind(hold_id=hold.id, account_id=hold.account_id), version=hold.version)
    if hold.transaction_id is None:
        return
    transaction = book.transaction(hold.transaction_id)
    transaction.status, transaction.ended_at = "cancelled", book.now
    work.announce(
        TransactionCancelled(transaction_id=transaction.id, reason=reason),
        version=2,
    )
