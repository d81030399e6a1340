"""An account's past: its entries, its balance at a moment, its statements."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.ledger_views import BalanceView, EntryView
from contracts.money import to_decimal_text
from contracts.paging import Page
from ledger.adapters.moments import last_entry, versions_at
from ledger.adapters.tables import entries, transactions
from ledger.adapters.visibility import BOOK_NUMBER, visible_account
from ledger.application.reads import StatementFrame, StatementLine
from ledger.domain.account import Account
from ledger.domain.reference import reference_of
from storage.database import Database
from storage.pages import BadCursor

LINES_AT_ONCE: Final = 1_000

_VERSION: Final = re.compile(r"\d{1,18}")


class SqlHistory:
    """The part of ledger.application.reads.LedgerReads that is about one account's past."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def entries(
        self,
        account_id: UUID,
        owner_id: UUID | None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int,
        after: str | None,
    ) -> Page[EntryView]:
        query = _lines(account_id).order_by(entries.c.version.desc()).limit(limit + 1)
        if after is not None:
            query = query.where(entries.c.version < _version_in(after))
        async with self._db.read() as connection:
            account = await visible_account(connection, account_id, owner_id)
            if since is not None:
                before = await _version_at(connection, account, since, is_excluded=True)
                query = query.where(entries.c.version > before)
            if until is not None:
                last = await _version_at(connection, account, until)
                query = query.where(entries.c.version <= last)
            rows = (await connection.execute(query)).all()
        items = [_entry_view(row, account.currency) for row in rows[:limit]]
        return Page(items=items, next=str(items[-1].version) if len(rows) > limit else None)

    async def balance(
        self, account_id: UUID, owner_id: UUID | None, *, at: datetime | None
    ) -> BalanceView:
        async with self._db.read() as connection:
            account = await visible_account(connection, account_id, owner_id)
            entry = await _entry_at(connection, account, at)
        now = datetime.now(UTC)
        return BalanceView(
            account_id=account.id,
            currency=account.currency,
            # The last entry may be ahead of this process's clock.
            at=at or (max(now, entry.created_at) if entry else now),
            balance=to_decimal_text(entry.balance if entry else 0, account.currency),
            version=entry.version if entry else 0,
        )

    async def statement(
        self, account_id: UUID, owner_id: UUID | None, *, starts_at: datetime, ends_at: datetime
    ) -> StatementFrame:
        async with self._db.read() as connection:
            account = await visible_account(connection, account_id, owner_id)
            opening = await _entry_at(connection, account, starts_at, is_excluded=True)
            closing = await _entry_at(connection, account, ends_at, is_excluded=True)
        return StatementFrame(
            account_id=account.id,
            name=account.name,
            currency=account.currency,
            starts_at=starts_at,
            ends_at=ends_at,
            opening_balance=opening.balance if opening else 0,
            opening_version=opening.version if opening else 0,
            closing_balance=closing.balance if closing else 0,
            closing_version=closing.version if closing else 0,
        )

    async def statement_size(self, frame: StatementFrame) -> int:
        query = select(func.count()).where(
            entries.c.account_id == frame.account_id,
            entries.c.version > frame.opening_version,
            entries.c.version <= frame.closing_version,
        )
        async with self._db.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def statement_lines(self, frame: StatementFrame) -> AsyncIterator[list[StatementLine]]:
        # A connection for each part: whoever reads it slowly keeps none.
        version = frame.opening_version
        while version < frame.closing_version:
            query = (
                _lines(frame.account_id)
                .where(entries.c.version > version, entries.c.version <= frame.closing_version)
                .order_by(entries.c.version)
                .limit(LINES_AT_ONCE)
            )
            async with self._db.read() as connection:
                rows = (await connection.execute(query)).all()
            yield [_line(row) for row in rows]
            version = rows[-1].version


def _lines(account_id: UUID) -> "Select[Any]":
    columns = (transactions.c.number, transactions.c.kind, transactions.c.description)
    return (
        select(entries, *columns, BOOK_NUMBER)
        .join(transactions, transactions.c.id == entries.c.transaction_id)
        .where(entries.c.account_id == account_id)
    )


async def _entry_at(
    connection: AsyncConnection,
    account: Account,
    at: datetime | None,
    *,
    is_excluded: bool = False,
) -> "Row[Any] | None":
    version = (
        None if at is None else await _version_at(connection, account, at, is_excluded=is_excluded)
    )
    query = last_entry(account.id, version)
    row: Row[Any] | None = (await connection.execute(query)).one_or_none()
    return row


async def _version_at(
    connection: AsyncConnection, account: Account, at: datetime, *, is_excluded: bool = False
) -> int:
    known = {account.id: account.version}
    found = await versions_at(connection, known, at, is_excluded=is_excluded)
    return found[account.id]


def _version_in(cursor: str) -> int:
    if _VERSION.fullmatch(cursor) is None:
        raise BadCursor(f"{cursor!r} is not a cursor of this list")
    return int(cursor)


def _entry_view(row: "Row[Any]", currency: str) -> EntryView:
    return EntryView(
        transaction_id=row.transaction_id,
        reference_id=reference_of(row.book_number, row.number),
        version=row.version,
        amount=to_decimal_text(row.amount, currency),
        balance=to_decimal_text(row.balance, currency),
        description=row.description,
        created_at=row.created_at,
    )


def _line(row: "Row[Any]") -> StatementLine:
    return StatementLine(
        created_at=row.created_at,
        transaction_id=row.transaction_id,
        reference_id=reference_of(row.book_number, row.number),
        kind=row.kind,
        version=row.version,
        amount=row.amount,
        balance=row.balance,
        description=row.description,
    )
