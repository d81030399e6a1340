"""Many plain transactions, decided as one by one and written down step by step."""

from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Final

from contracts.ledger import PostTransaction
from ledger.application.post_transaction import decide
from ledger.domain.book import Book
from ledger.domain.refusals import Refusal
from ledger.domain.transaction import Transaction
from messaging.records import Received

LONGEST_DESCRIPTION: Final = 10_000
"""In characters: with a longer one a message may be too large, and is looked at by itself."""


def plain_run(items: Sequence[Received]) -> list[PostTransaction]:
    """The first of these commands, as long as they are plain ones of one book."""
    first = items[0].message
    assert isinstance(first, PostTransaction), "only these are in a run"
    book = first.book

    def is_plain(item: Received) -> bool:
        command = item.message
        return (
            isinstance(command, PostTransaction)
            and command.book == book
            and command.transaction_id == item.envelope.id
            and not command.is_pending
            and len(command.description) <= LONGEST_DESCRIPTION
            and not command.metadata
        )

    return [item.message for item in takewhile(is_plain, items)]  # type: ignore[misc]


def post_many(commands: Iterable[PostTransaction], book: Book) -> list[Transaction]:
    """Post the first of them, up to one that is refused: that one is undone."""
    posted = []
    for command in commands:
        try:
            posted.append(decide(command, book))
        except Refusal:
            book.undo()
            break
        book.keep()
    return posted
