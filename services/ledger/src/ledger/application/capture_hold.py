from contracts.ledger import CaptureHold
from ledger.application.ports import LedgerWork
from ledger.application.settle_hold import capture
from ledger.application.views import transaction_json
from messaging.work import JsonText


async def capture_hold(command: CaptureHold, work: LedgerWork) -> JsonText:
    transaction = capture(
        work.book(command.book).hold(command.hold_id),
        work,
        amount=command.amount,
        currency=command.currency,
        transaction_id=command.transaction_id,
        description=command.description,
    )
    return transaction_json(transaction)
