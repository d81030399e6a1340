from contracts.ledger import RefundTransaction
from ledger.application.events import posted_event
from ledger.application.ports import LedgerWork
from ledger.application.views import transaction_json
from messaging.work import JsonText


async def refund_transaction(command: RefundTransaction, work: LedgerWork) -> JsonText:
    book = work.book(command.book)
    original = book.transaction(command.refunded_id)
    posting = original.to_refund(command.amount)
    if command.currency is not None:
        book.account(posting.source_id).require_currency(command.currency)
    entries = book.transfer(posting)
    refund = book.add_transaction(
        command.transaction_id,
        "refund",
        "completed",
        (posting,),
        description=command.description or f"Refund of {original.reference_id}",
        corrects=original.id,
    )
    original.refunded += posting.amount
    book.post(refund, entries)
    work.announce(posted_event(refund), version=1)
    return transaction_json(refund)
