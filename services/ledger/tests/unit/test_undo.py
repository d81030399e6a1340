"""A decision that is undone leaves no trace, whatever it was and wherever it stopped."""

from copy import deepcopy
from dataclasses import astuple
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import event, given, settings
from hypothesis import strategies as st
from services.ledger.tests.random_commands import START, commands
from services.ledger.tests.unit.accounts import a_book, an_account

from contracts.contract import Message
from contracts.ledger import PostTransaction
from contracts.ledger_events import LedgerEvent
from ledger.application.ports import LedgerWork
from ledger.domain.book import Book
from ledger.domain.changes import Changes
from ledger.domain.refusals import Refusal
from ledger.entrypoints.kafka import HANDLERS
from messaging.envelope import Envelope
from messaging.work import PreparedEvent


class OnlyABook:
    """A unit of work that announces nothing."""

    cause = Envelope(
        type="test", source="test", subject="main", correlation_id=UUID(int=0), id=UUID(int=0)
    )

    def __init__(self, book: Book) -> None:
        self._book = book

    def book(self, _name: str) -> Book:
        return self._book

    def announce(self, event: LedgerEvent | PreparedEvent, *, version: int) -> None:
        assert version > 0

    def keep_as_inbox(self, command: PostTransaction) -> None:
        raise AssertionError("no transaction here has the id of its command")


def picture(book: Book) -> Any:
    """All that a book knows, as plain values."""
    return deepcopy(
        (
            astuple(book.head),
            {id_: astuple(one) for id_, one in book.accounts.items()},
            {id_: astuple(one) for id_, one in book.holds.items()},
            {id_: astuple(one) for id_, one in book.transactions.items()},
            [
                [one if isinstance(one, UUID) else one.id for one in getattr(book.changes, kind)]
                for kind in book.changes.__slots__
            ],
        )
    )


def stored(changes: Changes) -> Changes:
    """As after a commit, though everything stays in memory."""
    for account in (*changes.new_accounts, *changes.accounts):
        account.is_changed = False
    for transaction in changes.new_transactions:
        transaction.is_new = False
    return Changes()


def decide(book: Book, command: Message) -> bool:
    """Is it done? It isn't, when a rule refuses it."""
    work: LedgerWork = OnlyABook(book)  # type: ignore[assignment]
    handling: Any = HANDLERS[type(command)](command, work)
    try:
        handling.send(None)
    except Refusal:
        return False
    except StopIteration:
        return True
    raise AssertionError("a decision waits for nothing")


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(commands, st.integers(0, 9)), min_size=15, max_size=40))
def test_what_is_undone_leaves_the_book_as_it_was(steps: list[tuple[Message, int]]) -> None:
    book = a_book(*(an_account(id=UUID(int=n), posted=200, minimum=-50) for n in (1, 2)))
    for n, (command, fate) in enumerate(steps):
        book.tell_time(START + timedelta(seconds=n))
        before = picture(book)
        done = decide(book, command)
        event(f"{type(command).__name__} {'done' if done else 'refused'}")
        if done and fate:
            book.keep()
        else:
            book.undo()
            assert picture(book) == before
        if fate == 1:
            book.changes = stored(book.changes)
            book.keep()
        elif fate == 2:
            book.hand_over()
