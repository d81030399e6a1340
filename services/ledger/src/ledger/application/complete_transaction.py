from contracts.ledger import CompleteTransaction
from ledger.application.ports import LedgerWork
from ledger.application.settle_hold import capture
from ledger.application.views import transaction_json
from messaging.work import JsonText


async def complete_transaction(command: CompleteTransaction, work: LedgerWork) -> JsonText:
    book = work.book(command.book)
    transaction = book.transaction(command.transaction_id)
    transaction.require_pending()
    capture(
        book.hold(transaction.id),
        work,
        amount=command.amount,
        currency=command.currency,
        transaction_id=transaction.id,
    )
    return transaction_json(transaction)
