from contracts.ledger import CancelTransaction
from ledger.application.ports import LedgerWork
from ledger.application.settle_hold import release
from ledger.application.views import transaction_json
from ledger.domain.refusals import TransactionNotFound
from messaging.work import JsonText


async def cancel_transaction(command: CancelTransaction, work: LedgerWork) -> JsonText:
    book = work.book(command.book)
    transaction = book.transaction(command.transaction_id)
    if command.owner_id is not None and transaction.asked_by != command.owner_id:
        raise TransactionNotFound(command.transaction_id)
    transaction.require_pending()
    hold = book.hold(transaction.id)
    hold.void()
    release(hold, work, "cancelled")
    return transaction_json(transaction)
