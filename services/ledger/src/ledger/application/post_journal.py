from contracts.ledger import PostJournal
from ledger.application.events import posted_event
from ledger.application.ports import LedgerWork
from ledger.application.views import transaction_json
from ledger.domain.transaction import Posting
from messaging.work import JsonText


async def post_journal(command: PostJournal, work: LedgerWork) -> JsonText:
    book = work.book(command.book)
    postings = tuple(
        Posting(posting.source_id, posting.target_id, posting.amount, posting.currency)
        for posting in command.postings
    )
    entries = [entry for posting in postings for entry in book.transfer(posting)]
    transaction = book.add_transaction(
        command.transaction_id,
        "journal",
        "completed",
        postings,
        description=command.description,
        metadata=command.metadata,
    )
    book.post(transaction, tuple(entries))
    work.announce(posted_event(transaction), version=1)
    return transaction_json(transaction)
