"""From the domain to what clients see: minor units become decimal text here."""

from typing import Any

from contracts.ledger import AccountView, HoldView, TransactionView
from contracts.money import to_decimal_text
from ledger.domain.account import Account
from ledger.domain.hold import Hold
from ledger.domain.transaction import Transaction


def account_view(account: Account) -> AccountView:
    return AccountView(
        id=account.id,
        version=account.version,
        created_at=account.created_at,
        owner_id=account.owner_id,
        name=account.name,
        kind=account.kind,
        currency=account.currency,
        balance=to_decimal_text(account.posted, account.currency),
        held=to_decimal_text(account.held, account.currency),
        available=to_decimal_text(account.available, account.currency),
        is_closed=account.is_closed,
    )


def transaction_view(transaction: Transaction | Any) -> TransactionView:
    """Of a transaction that has just been posted, or of a stored row with the same members."""
    return TransactionView(
        id=transaction.id,
        type=transaction.kind,
        status="completed",
        amount=to_decimal_text(transaction.amount, transaction.currency),
        currency=transaction.currency,
        account_id=transaction.account_id,
        to_account_id=transaction.to_account_id,
        reference_id=transaction.reference_id,
        description=transaction.description,
        created_at=transaction.created_at,
    )


def hold_view(hold: Hold) -> HoldView:
    return HoldView(
        id=hold.id,
        version=hold.version,
        created_at=hold.created_at,
        account_id=hold.account_id,
        amount=to_decimal_text(hold.amount, hold.currency),
        captured=to_decimal_text(hold.captured, hold.currency),
        currency=hold.currency,
        status=hold.status,
        description=hold.description,
    )
