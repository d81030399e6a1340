from types import TracebackType
from typing import Self

from contracts.ledger import PostTransaction
from ledger.domain.book import Book
from ledger.domain.refusals import BookNotFound
from messaging.envelope import Envelope
from messaging.work import Postbox
from storage.work import PostingWork


class BookWork(PostingWork):
    """See ledger.application.ports.LedgerWork: one unit of work after another, on the same books.

    A context manager for each: what a unit has decided stays in the books and in the postbox, or
    all of it is undone. `own_inbox` is what `keep_as_inbox` was given in the last one.
    """

    def __init__(self, postbox: Postbox, books: dict[str, Book]) -> None:
        super().__init__(postbox)
        self.own_inbox: PostTransaction | None = None
        self._books = books
        self._said = 0

    def handling(self, cause: Envelope) -> Self:
        """The next unit of work is about that message."""
        self.postbox.handle(cause)
        self.own_inbox = None
        return self

    def book(self, name: str) -> Book:
        """See ledger.application.ports.LedgerWork."""
        book = self._books.get(name)
        if book is None:
            raise BookNotFound(name)
        return book

    def keep_as_inbox(self, command: PostTransaction) -> None:
        """See ledger.application.ports.LedgerWork."""
        self.own_inbox = command

    async def __aenter__(self) -> Self:
        self._said = len(self.postbox.messages)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _at: TracebackType | None,
    ) -> None:
        if kind is None:
            for book in self._books.values():
                book.keep()
            return
        for book in self._books.values():
            book.undo()
        del self.postbox.messages[self._said :]
