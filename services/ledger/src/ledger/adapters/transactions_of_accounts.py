"""The transactions of some accounts, those with the highest numbers first.

What has moved money is found through the accounts' entries. Their order is that of numbers, but for
transactions that were pending first: these are found through their holds, and what hasn't moved
money through the index of such.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Column,
    Row,
    Select,
    and_,
    literal_column,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.adapters.moments import versions_at
from ledger.adapters.tables import accounts, entries, holds, transactions
from ledger.adapters.visibility import BOOK_NUMBER, stored_transaction
from ledger.application.reads import Wanted, share_of
from ledger.domain.transaction import Transaction

ACCOUNTS_AT_ONCE: Final = 20
"""In one statement, which has four parts for each."""

_COMPLETED: Final = and_(
    # The words of the index that has these, so that it is used.
    holds.c.status == literal_column("'captured'"),
    holds.c.transaction_id.is_not(None),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Of a transaction in a list. `created_at` is None when there is none so new."""

    book: str
    number: int
    created_at: datetime | None


async def of_accounts(
    connection: AsyncConnection,
    owner_id: UUID | None,
    wanted: Wanted,
    after: Place | None,
    limit: int,
) -> list[Transaction]:
    """Of a person's accounts, or for staff of the one that is wanted; `limit` at most.

    The connection has to show the same state to every query.
    """
    own = await _accounts(connection, owner_id, wanted)
    listed = [
        account
        for account in own
        if wanted.account_id in (None, account.id) and (after is None or account.book <= after.book)
    ]
    found: dict[UUID, Transaction] = {}
    pieces = iter(listed)
    while some := list(islice(pieces, ACCOUNTS_AT_ONCE)):
        lasts = await _lasts(connection, some, after)
        parts = [
            select(part.limit(limit).subquery())
            for account in some
            for part in _parts(account, lasts.get(account.id), owner_id, wanted, after)
        ]
        for row in await connection.execute(union_all(*parts)):
            found[row.id] = stored_transaction(row)
    newest = sorted(found.values(), key=lambda one: (one.book, one.number), reverse=True)[:limit]
    if owner_id is None:
        return newest
    ids = {account.id for account in own}
    return [share_of(transaction, ids) for transaction in newest]


async def _accounts(
    connection: AsyncConnection, owner_id: UUID | None, wanted: Wanted
) -> "list[Row[Any]]":
    query = select(accounts.c.id, accounts.c.book, accounts.c.version)
    if owner_id is None:
        query = query.where(accounts.c.id == wanted.account_id)
    else:
        query = query.where(accounts.c.owner_id == owner_id)
    return list(await connection.execute(query))


async def _lasts(
    connection: AsyncConnection, some: "list[Row[Any]]", after: Place | None
) -> dict[UUID, int]:
    """By account the version from which on backwards its entries can be older than the place."""
    if after is None or after.created_at is None:
        return {}
    known = {account.id: account.version for account in some if account.book == after.book}
    return await versions_at(connection, known, after.created_at)


def _parts(
    account: "Row[Any]",
    last: int | None,
    owner_id: UUID | None,
    wanted: Wanted,
    after: Place | None,
) -> "Iterator[Select[Any]]":
    here = after if after is not None and after.book == account.book else None
    only = and_(
        true() if here is None else transactions.c.number < here.number,
        true() if wanted.kind is None else transactions.c.kind == wanted.kind,
    )
    if wanted.status in {None, "completed"}:
        yield _posted_at_once(account.id, last).where(only)
        for end in (holds.c.account_id, holds.c.target_id):
            yield _pending_first(end, account.id, here).where(only)
    if wanted.status != "completed":
        yield _unfinished(account.id, owner_id, wanted).where(only)


def _posted_at_once(account_id: UUID, last: int | None) -> "Select[Any]":
    # Values and not EXISTS: nothing here is worth a join to a planner that expects many rows.
    pending_before = (
        select(holds.c.transaction_id)
        .where(holds.c.id == entries.c.transaction_id)
        .scalar_subquery()
    )
    following = entries.alias("following")
    next_one = (
        select(following.c.transaction_id)
        .where(
            following.c.account_id == entries.c.account_id,
            following.c.version == entries.c.version + 1,
        )
        .scalar_subquery()
    )
    query = (
        select(transactions, BOOK_NUMBER)
        .join(entries, entries.c.transaction_id == transactions.c.id)
        .where(
            entries.c.account_id == account_id,
            pending_before.is_(None),
            # A journal has several entries of an account, one after another.
            next_one.is_distinct_from(entries.c.transaction_id),
        )
        .order_by(entries.c.version.desc())
    )
    return query if last is None else query.where(entries.c.version <= last)


def _pending_first(end: "Column[UUID]", account_id: UUID, after: Place | None) -> "Select[Any]":
    query = (
        select(transactions, BOOK_NUMBER)
        .join(holds, holds.c.transaction_id == transactions.c.id)
        .where(end == account_id, _COMPLETED)
        .order_by(holds.c.created_at.desc(), transactions.c.number.desc())
    )
    if after is None or after.created_at is None:
        return query
    return query.where(holds.c.created_at <= after.created_at)


def _unfinished(account_id: UUID, owner_id: UUID | None, wanted: Wanted) -> "Select[Any]":
    query = (
        select(transactions, BOOK_NUMBER)
        .where(
            transactions.c.source_id == account_id,
            transactions.c.status != literal_column("'completed'"),
        )
        .order_by(transactions.c.number.desc())
    )
    if wanted.status is not None:
        query = query.where(transactions.c.status == wanted.status)
    if owner_id is None:
        return query
    theirs = or_(transactions.c.asked_by.is_(None), transactions.c.asked_by == owner_id)
    return query.where(or_(transactions.c.status != "failed", theirs))
