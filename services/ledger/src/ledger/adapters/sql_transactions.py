"""Transactions, looked up and listed. The newest, that with the highest number, is first."""

import re
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, literal_column, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.ledger_views import TransactionView
from contracts.paging import Page
from ledger.adapters.tables import books, transactions
from ledger.adapters.transactions_of_accounts import Place, of_accounts
from ledger.adapters.visibility import BOOK_NUMBER, own_among, snapshot, stored_transaction
from ledger.application.reads import Wanted, is_about, is_wanted, share_of
from ledger.application.views import transaction_view
from ledger.domain.reference import number_of
from ledger.domain.refusals import TransactionNotFound
from ledger.domain.transaction import Transaction
from storage.database import Database
from storage.pages import BadCursor

_REFERENCE: Final = re.compile("TXN-[0-9A-F]{12}")


class SqlTransactions:
    """The part of ledger.application.reads.LedgerReads that is about transactions.

    A cursor is the reference of the last transaction on the page.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    async def transaction(self, transaction_id: UUID, owner_id: UUID | None) -> TransactionView:
        query = select(transactions, BOOK_NUMBER).where(transactions.c.id == transaction_id)
        async with self._db.read() as connection:
            found = await _one(connection, query, owner_id)
        if found is None:
            raise TransactionNotFound(transaction_id)
        return transaction_view(found)

    async def transactions(
        self, owner_id: UUID | None, wanted: Wanted, *, limit: int, after: str | None
    ) -> Page[TransactionView]:
        async with snapshot(self._db) as connection:
            place = await _place_after(connection, after)
            if wanted.reference_id is not None:
                found = await _by_reference(connection, owner_id, wanted, place)
            elif owner_id is None and wanted.account_id is None:
                found = await _of_everybody(connection, wanted, place, limit + 1)
            else:
                found = await of_accounts(connection, owner_id, wanted, place, limit + 1)
        page = found[:limit]
        return Page(
            items=[transaction_view(one) for one in page],
            next=page[-1].reference_id if len(found) > limit else None,
        )


async def _place_after(connection: AsyncConnection, cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    if _REFERENCE.fullmatch(cursor) is None:
        raise BadCursor(f"{cursor!r} is not a cursor of this list")
    book_number, number = number_of(cursor)
    named = select(books.c.name).where(books.c.number == book_number)
    book = (await connection.execute(named)).scalar_one_or_none()
    if book is None:
        raise BadCursor(f"{cursor!r} is not a cursor of this list")
    # Numbers have no gaps. Whether there is such a number is told to nobody.
    query = (
        select(transactions.c.created_at)
        .where(transactions.c.book == book, transactions.c.number >= number)
        .order_by(transactions.c.number)
        .limit(1)
    )
    created_at = (await connection.execute(query)).scalar_one_or_none()
    return Place(book=book, number=number, created_at=created_at)


async def _by_reference(
    connection: AsyncConnection, owner_id: UUID | None, wanted: Wanted, after: Place | None
) -> list[Transaction]:
    assert wanted.reference_id is not None, "that is what is wanted"
    book_number, number = number_of(wanted.reference_id)
    book = select(books.c.name).where(books.c.number == book_number).scalar_subquery()
    query = _beyond(select(transactions, BOOK_NUMBER), after).where(
        transactions.c.book == book, transactions.c.number == number
    )
    found = await _one(connection, query, owner_id)
    return [found] if found is not None and is_wanted(found, wanted) else []


async def _of_everybody(
    connection: AsyncConnection, wanted: Wanted, after: Place | None, limit: int
) -> list[Transaction]:
    query = _beyond(select(transactions, BOOK_NUMBER), after)
    if wanted.status is not None:
        query = query.where(transactions.c.status == wanted.status)
    if wanted.status not in {None, "completed"}:
        # The words of the index that has these, so that it is used.
        query = query.where(transactions.c.status != literal_column("'completed'"))
    if wanted.kind is not None:
        query = query.where(transactions.c.kind == wanted.kind)
    query = query.order_by(transactions.c.book.desc(), transactions.c.number.desc()).limit(limit)
    return [stored_transaction(row) for row in await connection.execute(query)]


async def _one(
    connection: AsyncConnection, query: "Select[Any]", owner_id: UUID | None
) -> Transaction | None:
    """As that person sees it; None also when it isn't theirs to see."""
    row = (await connection.execute(query)).one_or_none()
    if row is None or owner_id is None:
        return row and stored_transaction(row)
    transaction = stored_transaction(row)
    ends = {end for one in transaction.postings for end in (one.source_id, one.target_id)}
    own = await own_among(connection, ends, owner_id)
    return share_of(transaction, own) if is_about(transaction, own, owner_id) else None


def _beyond(query: "Select[Any]", after: Place | None) -> "Select[Any]":
    if after is None:
        return query
    return query.where(
        tuple_(transactions.c.book, transactions.c.number) < tuple_(after.book, after.number)
    )
