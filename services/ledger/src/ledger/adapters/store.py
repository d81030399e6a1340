"""The ledger's store: a batch is decided in memory and written at once.

Delivery sees a store like any other. What it handles changes books in memory; what has changed
is written with inbox and outbox in the batch's transaction, and when that fails the memory is
dropped.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.contract import Message
from contracts.ids import new_id
from contracts.ledger import PostTransaction
from contracts.problems import Problem
from ledger.adapters.ledger_rows import LedgerRows
from ledger.adapters.postgres import PostgresRows
from ledger.adapters.sqlite import SqliteRows
from ledger.adapters.work import BookWork
from ledger.application.events import posted_event
from ledger.application.fail_transaction import fail_transaction
from ledger.application.needs import Needs, needs_of
from ledger.application.post_many import plain_run, post_many
from ledger.application.views import transaction_json
from ledger.domain.book import Book
from ledger.domain.changes import Head
from ledger.domain.transaction import Transaction
from messaging.envelope import Envelope, time_text
from messaging.inbox import InboxEntry
from messaging.records import Received
from messaging.runs import announced, answered, fingerprints_of
from messaging.work import Postbox, Settlement
from storage.store import SqlStore, SqlTransaction

MOST_ACCOUNTS: Final = 200_000
"""In memory, of each book; about 100 MB."""

WORTH_WRITING: Final = 400
"""Transactions of a batch that are written before its end: at least so many at once."""

Decided: TypeAlias = tuple[Head, Any]
"""A book, and rows of it: those of its new transactions and entries."""


class SqlLedgerStore(SqlStore[Any]):
    """See messaging.store.Store. One transaction at a time: a book has one writer."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.rows: LedgerRows = SqliteRows() if self.db.is_sqlite else PostgresRows()
        self.books: dict[str, Book] = {}
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def begin(self) -> "AsyncIterator[LedgerTransaction]":
        """See messaging.store.Store. Raises Fenced when a book has another writer now."""
        async with self._turn:
            try:
                async with super().begin() as transaction:
                    assert isinstance(transaction, LedgerTransaction)
                    async with transaction.writing_ahead():
                        yield transaction
            except BaseException:
                self.books.clear()
                raise
            for book in self.books.values():
                book.committed(most_accounts=MOST_ACCOUNTS)

    def transaction_on(self, connection: AsyncConnection) -> "LedgerTransaction":
        return LedgerTransaction(self, connection)


class LedgerTransaction(SqlTransaction[Any]):
    """See messaging.store.Transaction."""

    takes = frozenset({PostTransaction})

    def __init__(self, store: SqlLedgerStore, connection: AsyncConnection) -> None:
        super().__init__(store, connection)
        self._rows = store.rows
        self._books = store.books
        self._name = store.name
        self._time = time_text()
        self._used: dict[str, Book] = {}
        self._work = self._new_work()
        self._ahead: asyncio.Task[None] | None = None
        self._fenced: set[str] = set()
        self._asked: set[UUID] = set()
        self._past: dict[UUID, Transaction] = {}

    def work(self, cause: Envelope) -> BookWork:  # type: ignore[override]
        """See messaging.store.Transaction. Undone in memory, for nothing has been written."""
        return self._work.handling(cause)

    async def expect(self, messages: Sequence[Message]) -> None:
        """See messaging.store.Transaction."""
        now = datetime.now(UTC)
        for name, needs in needs_of(messages).items():
            if (book := await self._open(name)) is not None:
                self._used[name] = book
                book.tell_time(now)
                await self._load(book, needs)
        for book in self._used.values():
            book.beside = [one for one in self._used.values() if one is not book]

    async def received(self, ids: Sequence[UUID]) -> dict[UUID, InboxEntry]:
        """See messaging.store.Transaction."""
        if others := [id_ for id_ in ids if id_ not in self._asked]:
            # The id of a transaction may have been used again for a command about another one.
            past = await self._rows.transactions(self._connection, others, 0)
            self._past.update((one.id, one) for one in past)
        known = await super().received(ids)
        if self._past or any(book.transactions for book in self._used.values()):
            known |= {id_: entry for id_ in ids if (entry := self._posted_before(id_))}
        return known

    def take(self, items: Sequence[Received]) -> int:
        """See messaging.store.Transaction. As `post_transaction`, `remember` and `_keep` would."""
        sent: list[Any] = [(item.message, item.envelope.id) for item in items]
        commands = plain_run(sent)
        if not commands or (book := self._used.get(commands[0].book)) is None:
            return 0
        posted = post_many(commands, book)
        some = items[: len(posted)]
        fingerprints = fingerprints_of(some)
        for transaction, fingerprint in zip(posted, fingerprints, strict=True):
            transaction.fingerprint = bytes.fromhex(fingerprint)
        events = [posted_event(one) for one in posted]
        self._outbox += announced(self._name, self._time, some, events)
        results = [transaction_json(one) for one in posted]
        self._outbox += answered(self._name, self._time, some, fingerprints, results)
        return len(posted)

    def recall(self, id: UUID) -> InboxEntry:
        """See messaging.store.Transaction."""
        entry = self._posted_before(id)
        assert entry is not None, "it was taken"
        return entry

    async def go_ahead(self) -> None:
        """Begin to write what has been decided, so that the database works while more is decided.

        See messaging.store.Transaction. It is what will only be added; balances, which change
        with every command, are written at the end.
        """
        if self._ahead is not None and self._ahead.done():
            self._ahead = self._ahead.result()
        if self._ahead is None and (decided := self._handed_over()):
            self._ahead = asyncio.create_task(self._write_ahead(decided))
        # The loop has its turn, or nothing would leave for the database.
        await asyncio.sleep(0)

    @asynccontextmanager
    async def writing_ahead(self) -> AsyncIterator[None]:
        """What was begun in the block has been written after it, or is given up if it fails."""
        try:
            yield
        except BaseException:
            if self._ahead is not None:
                self._ahead.cancel()
                await asyncio.gather(self._ahead, return_exceptions=True)
            raise
        if self._ahead is not None:
            await self._ahead

    def _handed_over(self) -> list[Decided]:
        return [
            (book.head, self._rows.added(*book.hand_over()))
            for book in self._used.values()
            if len(book.changes.posted) >= WORTH_WRITING
        ]

    async def _write_ahead(self, decided: Sequence[Decided]) -> None:
        for head, added in decided:
            if head.name not in self._fenced:
                # A stale writer must hear that it is one, and not of rows that are there already.
                await self._rows.fence(self._connection, head)
                self._fenced.add(head.name)
            await self._rows.append(self._connection, added)

    def remember(self, entry: InboxEntry) -> None:
        """See messaging.store.Transaction. A transaction is an inbox entry itself."""
        command, settlement = self._work.own_inbox, entry.settlement
        is_own = command is not None and command.transaction_id == entry.message_id
        if is_own and command and settlement and settlement.state != "failed":
            self._work.own_inbox = None
            self._keep(command, entry, settlement)
        elif self._posted_before(entry.message_id) is None:
            super().remember(entry)
            return
        if outcome := entry.outcome(self._time):
            self.post(outcome)

    async def flush(self) -> None:
        """Write what has been decided, then what was collected for delivery."""
        for book in self._used.values():
            book.seal()
            # Even if nothing has changed: what was refused must not rest on stale memory.
            await self._rows.write(self._connection, book.head, book.changes)
        await super().flush()

    async def _open(self, name: str) -> Book | None:
        if (book := self._books.get(name)) is None:
            head = await self._rows.take(self._connection, name)
            if head is None:
                return None
            book = self._books[name] = Book(head)
        return book

    async def _load(self, book: Book, needs: Needs) -> None:
        if needs.holds:
            found = await self._rows.holds(self._connection, needs.holds)
            book.holds.update((hold.id, hold) for hold in found)
        if needs.transactions:
            self._asked |= needs.transactions
            past = await self._rows.transactions(
                self._connection, needs.transactions, book.head.number
            )
            book.transactions.update((one.id, one) for one in past)
        needs.follow(book.holds.values(), book.transactions.values())
        missing = needs.accounts - book.accounts.keys()
        if missing:
            accounts = await self._rows.accounts(self._connection, missing)
            book.accounts.update((account.id, account) for account in accounts)

    def _posted_before(self, id: UUID) -> InboxEntry | None:
        """The inbox entry that a transaction of an earlier batch is."""
        for transactions in (self._past, *(book.transactions for book in self._used.values())):
            transaction = transactions.get(id)
            if transaction is not None and transaction.fingerprint is not None:
                return _entry_of(self._name, transaction)
        return None

    def _keep(self, command: PostTransaction, entry: InboxEntry, settlement: Settlement) -> None:
        book = self._used[command.book]
        if settlement.problem is None:
            transaction = book.changes.new_transactions[-1]
        elif book.is_taken(command.transaction_id):
            self._entries[entry.message_id] = entry
            return
        else:
            transaction = self._failed(command, entry, settlement.problem, book)
        transaction.fingerprint = bytes.fromhex(entry.fingerprint)

    def _failed(
        self, command: PostTransaction, entry: InboxEntry, problem: Problem, book: Book
    ) -> Transaction:
        transaction, event = fail_transaction(command, problem, book)
        book.keep()
        self._work.announce(event, version=1)
        return transaction

    def _new_work(self) -> BookWork:
        # What the work says is in the outbox at once.
        cause = Envelope(type="", source="", subject="", correlation_id=new_id())
        postbox = Postbox(source=self._name, cause=cause, time=self._time, messages=self._outbox)
        return BookWork(postbox, self._used)


def _entry_of(consumer: str, transaction: Transaction) -> InboxEntry:
    assert transaction.fingerprint, "it is an inbox entry"
    return InboxEntry(
        consumer=consumer,
        message_id=transaction.id,
        message_type="PostTransaction",
        fingerprint=transaction.fingerprint.hex(),
        correlation_id=transaction.id,
        settlement=_settlement_of(transaction),
    )


def _settlement_of(transaction: Transaction) -> Settlement:
    if transaction.failure is not None:
        return Settlement.refused(Problem.model_validate_json(transaction.failure))
    return Settlement.succeeded(transaction_json(transaction))
