from contracts.ledger import PostTransaction
from contracts.ledger_events import TransactionPending
from ledger.application.events import posted_event
from ledger.application.house import funding
from ledger.application.ports import LedgerWork
from ledger.application.views import transaction_json
from ledger.domain.account import Account
from ledger.domain.book import Book
from ledger.domain.hold import Hold, require_ahead
from ledger.domain.moves import move, require_movable
from ledger.domain.transaction import Posting, Transaction
from messaging.work import JsonText


async def post_transaction(command: PostTransaction, work: LedgerWork) -> JsonText:
    book = work.book(command.book)
    if work.cause.id == command.transaction_id:
        work.keep_as_inbox(command)
    transaction = decide(command, book)
    if transaction.status == "completed":
        work.announce(posted_event(transaction), version=1)
    else:
        work.announce(_pending_event(command, transaction), version=1)
    return transaction_json(transaction)


def decide(command: PostTransaction, book: Book) -> Transaction:
    """The transaction, which has moved money or set it aside. Raises a Refusal."""
    source, target = _accounts(command, book)
    posting = Posting(source.id, target.id, command.amount, command.currency)
    if command.is_pending:
        return _set_aside(command, book, posting, source, target)
    pays_out = command.kind == "debit" and command.owner_id is None
    return book.add_posted(
        command.transaction_id,
        command.kind,
        posting,
        move(source, target, command.amount, command.currency, pays_out=pays_out),
        description=command.description,
        metadata=command.metadata,
        asked_by=command.owner_id,
    )


def _set_aside(
    command: PostTransaction, book: Book, posting: Posting, source: Account, target: Account
) -> Transaction:
    require_movable(source, target, command.currency)
    target.require_open()
    require_ahead(command.expires_at, at=book.now)
    transaction = book.add_transaction(
        command.transaction_id,
        command.kind,
        "pending",
        (posting,),
        description=command.description,
        metadata=command.metadata,
        asked_by=command.owner_id,
    )
    book.set_aside(_hold(command, posting, book))
    return transaction


def _pending_event(command: PostTransaction, transaction: Transaction) -> TransactionPending:
    return TransactionPending(
        transaction_id=transaction.id,
        reference_id=transaction.reference_id,
        kind=command.kind,
        account_id=command.account_id,
        amount=command.amount,
        currency=command.currency,
        expires_at=command.expires_at,
    )


def _hold(command: PostTransaction, posting: Posting, book: Book) -> Hold:
    return Hold(
        id=command.transaction_id,
        book=command.book,
        account_id=posting.source_id,
        target_id=posting.target_id,
        transaction_id=command.transaction_id,
        amount=command.amount,
        currency=command.currency,
        description=command.description,
        created_at=book.now,
        expires_at=command.expires_at,
    )


def _accounts(command: PostTransaction, book: Book) -> tuple[Account, Account]:
    """Where the money comes from and where it goes."""
    named = book.account(command.account_id, owner_id=command.owner_id)
    named.require_currency(command.currency)
    if command.to_account_id is not None:
        target = book.account(command.to_account_id)
        if command.owner_id is not None:
            target.require_customers()
        return named, target
    house = funding(book, command.currency)
    return (house, named) if command.kind == "credit" else (named, house)
