"""A book as an audit reads it: every table in one pass, sorted by the database.

There is no index on `posting`, for it would cost every batch and serve an audit alone.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.adapters.rows import TRANSACTION, head_of, transaction_of
from ledger.adapters.sql_contradictions import contradictions_of
from ledger.adapters.tables import accounts, books, entries, holds, transactions
from ledger.adapters.unhurried import snapshot
from ledger.application.audit import AuditedAccount, BookRecords
from ledger.application.audit_postings import AuditedEntry, Posted
from ledger.domain.account import Entry
from ledger.domain.changes import Head
from ledger.domain.reference import LARGEST_NUMBER
from ledger.domain.transaction import Transaction
from storage.database import Database

CHUNK: Final = 2_000
"""Rows that are in memory at a time."""


class SqlRecords:
    """See ledger.application.audit.Records."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @asynccontextmanager
    async def of(self, book: str) -> AsyncIterator[BookRecords | None]:
        """See ledger.application.audit.Records."""
        async with snapshot(self._db) as connection:
            query = select(books).where(books.c.name == book)
            row: Any = (await connection.execute(query)).one_or_none()
            yield None if row is None else SqlBookRecords(connection, head_of(row._mapping))


class SqlBookRecords:
    """See ledger.application.audit.BookRecords."""

    def __init__(self, connection: AsyncConnection, head: Head) -> None:
        self.head = head
        self._connection = connection

    async def posted(self) -> AsyncIterator[Sequence[Posted]]:
        """See ledger.application.audit.BookRecords. Two sorted streams are merged."""
        entries_up_to = _EntryStream(_chunks(self._connection, _entries(self.head.name)))
        async for rows in _chunks(self._connection, _transactions(self.head.name)):
            entered = await entries_up_to.posting(rows[-1].posting)
            yield [self._posted(row, entered.get(row.id, [])) for row in rows]

    async def accounts(self) -> AsyncIterator[Sequence[AuditedAccount]]:
        """See ledger.application.audit.BookRecords."""
        async for rows in _chunks(self._connection, _accounts(self.head.name)):
            yield [AuditedAccount._make((*account, int(held))) for *account, held in rows]

    async def contradictions(self) -> AsyncIterator[str]:
        """See ledger.application.audit.BookRecords."""
        for query, sentence in contradictions_of(self.head):
            async for rows in _chunks(self._connection, query):
                for row in rows:
                    yield sentence(row)

    def _posted(self, row: Any, entered: list[AuditedEntry]) -> Posted:
        transaction = _readable(row, self.head.number)
        if transaction is not None:
            transaction.entries = tuple(audited.entry for audited in entered)
        return Posted(row.posting, row.id, row.link, transaction, entered)


class _EntryStream:
    """The entries of a book in order of `posting`, as far as they are wanted."""

    def __init__(self, chunks: AsyncIterator[Sequence[Any]]) -> None:
        self._chunks = chunks
        self._read: list[Any] = []

    async def posting(self, last: int) -> dict[UUID, list[AuditedEntry]]:
        """Those not yet given away of all postings up to that one, by transaction."""
        while not self._read or self._read[-1].posting <= last:
            more = await anext(self._chunks, None)
            if more is None:
                break
            self._read.extend(more)
        found: dict[UUID, list[AuditedEntry]] = {}
        count = 0
        for row in self._read:
            posting, transaction_id, account_id, version, amount, balance, at, currency = row
            if posting > last:
                break
            count += 1
            entry = Entry(account_id, None, version, amount, balance)
            found.setdefault(transaction_id, []).append(AuditedEntry(entry, currency, at))
        del self._read[:count]
        return found


def _readable(row: Any, book_number: int) -> Transaction | None:
    """What a person has written into the table by hand may be anything."""
    if not 0 < row.number <= LARGEST_NUMBER:
        return None
    try:
        transaction = transaction_of(dict(zip(TRANSACTION, row, strict=True)), book_number)
    except (ValueError, TypeError):
        return None
    return transaction if isinstance(transaction.metadata, dict) else None


def _transactions(book: str) -> "Select[Any]":
    is_posted = transactions.c.posting.is_not(None)
    return (
        select(transactions)
        .where(transactions.c.book == book, is_posted)
        .order_by(transactions.c.posting, transactions.c.id)
    )


def _entries(book: str) -> "Select[Any]":
    entry = entries.c
    return (
        select(
            transactions.c.posting,
            *(entry.transaction_id, entry.account_id, entry.version),
            *(entry.amount, entry.balance, entry.created_at),
            accounts.c.currency,
        )
        .join(transactions, transactions.c.id == entry.transaction_id)
        .outerjoin(accounts, accounts.c.id == entry.account_id)
        .where(transactions.c.book == book, transactions.c.posting.is_not(None))
        .order_by(transactions.c.posting)
    )


def _accounts(book: str) -> "Select[Any]":
    account = accounts.c
    held = (
        select(holds.c.account_id, func.sum(holds.c.amount).label("amount"))
        .where(holds.c.status == "held")
        .group_by(holds.c.account_id)
        .subquery()
    )
    return (
        select(
            *(account.id, account.kind, account.currency, account.minimum),
            *(account.posted, account.held, account.version),
            func.coalesce(held.c.amount, 0),
        )
        .outerjoin(held, held.c.account_id == account.id)
        .where(account.book == book)
        .order_by(account.id)
    )


async def _chunks(
    connection: AsyncConnection, query: "Select[Any]"
) -> AsyncIterator[Sequence[Any]]:
    async with connection.stream(query, execution_options={"yield_per": CHUNK}) as rows:
        async for chunk in rows.partitions():
            yield chunk
