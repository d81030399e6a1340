"""What can be looked up in the ledger's SQL store."""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, case, cast, func, select

from contracts.ledger_views import (
    AccountView,
    AuditView,
    BookView,
    CurrencyTotal,
    HoldView,
    TrialBalanceView,
)
from contracts.money import to_decimal_text
from contracts.paging import Page
from ledger.adapters.rows import account_of, hold_of
from ledger.adapters.sql_history import SqlHistory
from ledger.adapters.sql_transactions import SqlTransactions
from ledger.adapters.tables import accounts, books, entries, holds
from ledger.adapters.visibility import visible_account
from ledger.application.views import account_view, hold_view
from ledger.domain.refusals import HoldNotFound
from storage.pages import fetch_page


class SqlLedgerReads(SqlHistory, SqlTransactions):
    """See ledger.application.reads.LedgerReads."""

    async def account(self, account_id: UUID, owner_id: UUID | None) -> AccountView:
        async with self._db.read() as connection:
            return account_view(await visible_account(connection, account_id, owner_id))

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
        return Page(items=[account_view(account_of(row._asdict())) for row in rows], next=cursor)

    async def hold(self, hold_id: UUID) -> HoldView:
        query = select(holds).where(holds.c.id == hold_id)
        async with self._db.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise HoldNotFound(hold_id)
        return hold_view(hold_of(row._asdict()))

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

    async def audit(self) -> AuditView:
        async with self._db.read() as connection:
            rows = (await connection.execute(select(books).order_by(books.c.number))).all()
        return AuditView(
            books=[
                BookView(
                    book=row.name,
                    transactions=row.transactions,
                    postings=row.postings,
                    link=row.link.hex(),
                    last_at=row.last_at,
                )
                for row in rows
            ]
        )


def _sum_of(amount: Any) -> Any:
    return cast(func.sum(amount), BigInteger)
