"""What can be looked up in the ledger's SQL store."""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, case, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.ledger import (
    AccountView,
    CurrencyTotal,
    EntryView,
    HoldView,
    TransactionView,
    TrialBalanceView,
)
from contracts.money import to_decimal_text
from contracts.paging import Page
from ledger.adapters.tables import accounts, entries, holds, transactions
from ledger.application.views import account_view, hold_view, transaction_view
from ledger.domain.account import Account
from ledger.domain.hold import Hold
from ledger.domain.refusals import AccountNotFound, HoldNotFound, TransactionNotFound
from storage.database import Database
from storage.pages import fetch_page


class SqlLedgerReads:
    """See ledger.application.ports.LedgerReads."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def account(self, account_id: UUID, owner_id: UUID | None) -> AccountView:
        async with self._db.read() as connection:
            return await _visible_account(connection, account_id, owner_id)

    async def accounts(
        self, owner_id: UUID | None, *, limit: int, after: str | None
    ) -> Page[AccountView]:
        query = select(accounts)
        if owner_id is not None:
            query = query.where(accounts.c.owner_id == owner_id)
        async with self._db.read() as connection:
            rows, cursor = await fetch_page(
                connection, query, accounts.c.id, limit=limit, after=after
            )
        return Page(items=[account_view(Account(**row._mapping)) for row in rows], next=cursor)

    async def entries(
        self, account_id: UUID, owner_id: UUID | None, *, limit: int, after: str | None
    ) -> Page[EntryView]:
        query = (
            select(entries, transactions.c.description)
            .join(transactions, transactions.c.id == entries.c.transaction_id)
            .where(entries.c.account_id == account_id)
        )
        async with self._db.read() as connection:
            account = await _visible_account(connection, account_id, owner_id)
            rows, cursor = await fetch_page(
                connection, query, entries.c.transaction_id, limit=limit, after=after
            )
        return Page(items=[_entry_view(row, account.currency) for row in rows], next=cursor)

    async def transaction(self, transaction_id: UUID, owner_id: UUID | None) -> TransactionView:
        query = _visible_transactions(owner_id).where(transactions.c.id == transaction_id)
        async with self._db.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise TransactionNotFound(transaction_id)
        return transaction_view(row)

    async def transactions(
        self, owner_id: UUID | None, *, limit: int, after: str | None
    ) -> Page[TransactionView]:
        async with self._db.read() as connection:
            rows, cursor = await fetch_page(
                connection,
                _visible_transactions(owner_id),
                transactions.c.id,
                limit=limit,
                after=after,
            )
        return Page(items=[transaction_view(row) for row in rows], next=cursor)

    async def hold(self, hold_id: UUID) -> HoldView:
        async with self._db.read() as connection:
            row = (
                await connection.execute(select(holds).where(holds.c.id == hold_id))
            ).one_or_none()
        if row is None:
            raise HoldNotFound(hold_id)
        return hold_view(Hold(**row._mapping))

    async def trial_balance(self) -> TrialBalanceView:
        query = (
            select(
                accounts.c.currency,
                _sum_of(case((entries.c.amount < 0, -entries.c.amount), else_=0)).label("debits"),
                _sum_of(case((entries.c.amount > 0, entries.c.amount), else_=0)).label("credits"),
            )
            .join(accounts, accounts.c.id == entries.c.account_id)
            .group_by(accounts.c.currency)
            .order_by(accounts.c.currency)
        )
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
        return TrialBalanceView(
            balanced=all(row.debits == row.credits for row in rows),
            currencies=[
                CurrencyTotal(
                    currency=row.currency,
                    debits=to_decimal_text(row.debits, row.currency),
                    credits=to_decimal_text(row.credits, row.currency),
                    difference=to_decimal_text(row.debits - row.credits, row.currency),
                )
                for row in rows
            ],
        )


async def _visible_account(
    connection: AsyncConnection, account_id: UUID, owner_id: UUID | None
) -> AccountView:
    row = (
        await connection.execute(select(accounts).where(accounts.c.id == account_id))
    ).one_or_none()
    if row is None or (owner_id is not None and row.owner_id != owner_id):
        raise AccountNotFound(account_id)
    return account_view(Account(**row._mapping))


def _visible_transactions(owner_id: UUID | None) -> Any:
    query = select(transactions)
    if owner_id is None:
        return query
    own = select(accounts.c.id).where(accounts.c.owner_id == owner_id)
    return query.where(
        or_(transactions.c.account_id.in_(own), transactions.c.to_account_id.in_(own))
    )


def _sum_of(amount: Any) -> Any:
    return cast(func.sum(amount), BigInteger)


def _entry_view(row: Any, currency: str) -> EntryView:
    return EntryView(
        transaction_id=row.transaction_id,
        version=row.version,
        amount=to_decimal_text(row.amount, currency),
        balance=to_decimal_text(row.balance, currency),
        description=row.description,
        created_at=row.created_at,
    )
