"""A transaction that was refused: kept, so that it is refused again and can be looked up."""

from contracts.ledger import PostTransaction
from contracts.ledger_events import TransactionRefused
from contracts.problems import Problem
from ledger.application.house import house_id
from ledger.domain.book import Book
from ledger.domain.transaction import Posting, Transaction


def fail_transaction(
    command: PostTransaction, problem: Problem, book: Book
) -> tuple[Transaction, TransactionRefused]:
    """It names accounts only when the one that it was about is the asker's, or staff asked."""
    transaction = book.add_transaction(
        command.transaction_id,
        command.kind,
        "failed",
        _postings(command, book),
        description=command.description,
        metadata=command.metadata,
        asked_by=command.owner_id,
    )
    transaction.amount, transaction.currency = command.amount, command.currency
    transaction.ended_at = book.now
    transaction.failure = problem.model_dump_json()
    event = TransactionRefused(
        transaction_id=command.transaction_id,
        kind=command.kind,
        amount=command.amount,
        currency=command.currency,
        reason=problem.type.removeprefix("/problems/"),
    )
    return transaction, event


def _postings(command: PostTransaction, book: Book) -> tuple[Posting, ...]:
    account = book.accounts.get(command.account_id)
    if account is None or account.book != command.book:
        return ()
    if command.owner_id is not None and command.owner_id != account.owner_id:
        return ()
    other = command.to_account_id or house_id(command.book, "funding", command.currency)
    source, target = command.account_id, other
    if command.kind == "credit":
        source, target = target, source
    return (Posting(source, target, command.amount, command.currency),)
