from contracts.ledger import ReverseTransaction
from ledger.application.events import posted_event
from ledger.application.ports import LedgerWork
from ledger.application.views import transaction_json
from messaging.work import JsonText


async def reverse_transaction(command: ReverseTransaction, work: LedgerWork) -> JsonText:
    book = work.book(command.book)
    original = book.transaction(command.reversed_id)
    postings = original.to_reverse()
    entries = [entry for posting in postings for entry in book.transfer(posting)]
    reversal = book.add_transaction(
        command.transaction_id,
        "reversal",
        "completed",
        postings,
        description=command.description or f"Reversal of {original.reference_id}",
        corrects=original.id,
    )
    original.is_reversed = True
    book.post(reversal, tuple(entries))
    work.announce(posted_event(reversal), version=1)
    return transaction_json(reversal)
