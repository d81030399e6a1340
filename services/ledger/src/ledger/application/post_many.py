"""Many plain transactions, decided as one by one and written down step by step."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from contracts.ledger import PostTransaction
from ledger.application.post_transaction import decide
from ledger.domain.book import Book
from ledger.domain.refusals import Refusal
from ledger.domain.transaction import Transaction

LONGEST_DESCRIPTION: Final = 10_000
"""In characters: with a longer one a message may be too large, and is looked at by itself."""


def plain_run(sent: Iterable[tuple[PostTransaction, UUID]]) -> list[PostTransaction]:
    """The first of these commands and ids of theirs, as long as they are plain ones of one book."""
    run: list[PostTransaction] = []
    for command, id_ in sent:
        if not _is_plain(command, id_) or (run and command.book != run[0].book):
            break
        run.append(command)
    return run


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


def _is_plain(command: PostTransaction, id_: UUID) -> bool:
    return (
        command.transaction_id == id_
        and not command.is_pending
        and not command.metadata
        and len(command.description) <= LONGEST_DESCRIPTION
    )
