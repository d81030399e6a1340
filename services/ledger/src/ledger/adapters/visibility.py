"""Who sees what, and the number of a book."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.adapters.rows import account_of, transaction_of
from ledger.adapters.tables import accounts, books, transactions
from ledger.domain.account import Account
from ledger.domain.refusals import AccountNotFound
from ledger.domain.transaction import Transaction
from storage.database import Database

BOOK_NUMBER: Final = (
    select(books.c.number)
    .where(books.c.name == transactions.c.book)
    .scalar_subquery()
    .label("book_number")
)


@asynccontextmanager
async def snapshot(db: Database) -> AsyncIterator[AsyncConnection]:
    """Like `Database.read`, but all queries see the same state."""
    async with db.read() as connection:
        if not db.is_sqlite:
            await connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        yield connection


async def visible_account(
    connection: AsyncConnection, account_id: UUID, owner_id: UUID | None
) -> Account:
    """Raises AccountNotFound, also when it is somebody else's."""
    query = select(accounts).where(accounts.c.id == account_id)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise AccountNotFound(account_id)
    account = account_of(row._asdict())
    account.require_owner(owner_id)
    return account


async def own_among(
    connection: AsyncConnection, account_ids: Collection[UUID], owner_id: UUID
) -> set[UUID]:
    """Those of the accounts that are that person's."""
    query = select(accounts.c.id).where(
        accounts.c.id.in_(account_ids), accounts.c.owner_id == owner_id
    )
    return set((await connection.execute(query)).scalars())


def stored_transaction(row: "Row[Any]") -> Transaction:
    """Of a row of `transactions` with its BOOK_NUMBER."""
    values = row._asdict()
    return transaction_of(values, values["book_number"])
