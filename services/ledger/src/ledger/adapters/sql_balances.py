from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.adapters.tables import accounts, books, entries, holds
from ledger.adapters.unhurried import change, snapshot
from ledger.application.rebuild import CannotMend, Difference
from storage.database import Database


class SqlBalances:
    """See ledger.application.rebuild.Balances."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def differences(self, book: str) -> list[Difference] | None:
        """See ledger.application.rebuild.Balances."""
        async with snapshot(self._db) as connection:
            known = await connection.execute(select(books.c.name).where(books.c.name == book))
            return None if known.first() is None else await _differences(connection, book)

    async def mend(self, book: str) -> list[Difference] | None:
        """See ledger.application.rebuild.Balances."""
        async with change(self._db) as connection:
            taken = await connection.execute(
                update(books).where(books.c.name == book).values(epoch=books.c.epoch + 1)
            )
            if taken.rowcount != 1:
                return None
            found = await _differences(connection, book)
            if impossible := [one for one in found if one.breaks_the_rule]:
                raise CannotMend(impossible)
            await _write(connection, found)
        return found


async def _differences(connection: AsyncConnection, book: str) -> list[Difference]:
    entered = (
        select(
            entries.c.account_id,
            func.sum(entries.c.amount).label("amount"),
            func.max(entries.c.version).label("version"),
        )
        .group_by(entries.c.account_id)
        .subquery()
    )
    held = (
        select(holds.c.account_id, func.sum(holds.c.amount).label("amount"))
        .where(holds.c.status == "held")
        .group_by(holds.c.account_id)
        .subquery()
    )
    amount = func.coalesce(entered.c.amount, 0)
    open_holds = func.coalesce(held.c.amount, 0)
    version = func.coalesce(entered.c.version, 0)
    account = accounts.c
    query = (
        select(
            *(account.id.label("account_id"), account.currency, account.minimum),
            *(account.posted, account.held, account.version),
            *(amount.label("entered"), open_holds.label("open_holds")),
            version.label("last_version"),
        )
        .outerjoin(entered, entered.c.account_id == account.id)
        .outerjoin(held, held.c.account_id == account.id)
        .where(account.book == book)
        .where(or_(account.posted != amount, account.held != open_holds, account.version < version))
        .order_by(account.id)
    )
    return [
        Difference(
            **{**row._mapping, "entered": int(row.entered), "open_holds": int(row.open_holds)}
        )
        for row in await connection.execute(query)
    ]


async def _write(connection: AsyncConnection, differences: list[Difference]) -> None:
    if not differences:
        return
    statement = (
        update(accounts)
        .where(accounts.c.id == bindparam("_id"))
        .values(posted=bindparam("_posted"), held=bindparam("_held"), version=bindparam("_version"))
    )
    await connection.execute(
        statement,
        [
            {
                "_id": one.account_id,
                "_posted": one.entered,
                "_held": one.open_holds,
                "_version": one.next_version,
            }
            for one in differences
        ],
    )
