from datetime import UTC, datetime

from contracts.ledger import PostedEntry, PostTransaction, TransactionPosted, TransactionView
from ledger.application.ports import LedgerWork
from ledger.application.views import transaction_view
from ledger.domain.account import Account
from ledger.domain.transaction import Transaction, move


async def post_transaction(command: PostTransaction, work: LedgerWork) -> TransactionView:
    source, target = await _accounts(command, work)
    transaction = move(
        id=command.transaction_id,
        kind=command.kind,
        amount=command.amount,
        currency=command.currency,
        source=source,
        target=target,
        description=command.description,
        at=datetime.now(UTC),
    )
    await save_posted(transaction, source, target, work)
    return transaction_view(transaction)


async def save_posted(
    transaction: Transaction, source: Account, target: Account, work: LedgerWork
) -> None:
    """Write a transaction with both its accounts, and announce it."""
    await work.transactions.add(transaction)
    await work.accounts.save(source)
    await work.accounts.save(target)
    work.announce(
        TransactionPosted(
            transaction_id=transaction.id,
            reference_id=transaction.reference_id,
            kind=transaction.kind,
            currency=transaction.currency,
            amount=transaction.amount,
            description=transaction.description,
            entries=[PostedEntry.model_validate(vars(entry)) for entry in transaction.entries],
        ),
        version=1,
    )


async def _accounts(command: PostTransaction, work: LedgerWork) -> tuple[Account, Account]:
    """Where the money comes from and where it goes."""
    named = await work.accounts.get(command.account_id, owner_id=command.owner_id)
    named.require_currency(command.currency)
    if command.to_account_id == named.id:
        return named, named
    if command.to_account_id is not None:
        return named, await work.accounts.get(command.to_account_id)
    funding = await work.accounts.house("funding", command.currency)
    return (funding, named) if command.kind == "credit" else (named, funding)
