"""The ledger's rows on SQLite."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.adapters import rows
from ledger.adapters.ledger_rows import Fenced
from ledger.adapters.tables import accounts, books, entries, holds, transactions
from ledger.domain.account import Account
from ledger.domain.changes import Changes, Head
from ledger.domain.hold import Hold
from ledger.domain.transaction import Transaction

_AT_ONCE: Final = 500
"""Parameters of one statement; SQLite has an upper limit."""

Added: TypeAlias = tuple[list[rows.Row], list[rows.Row]]
"""Transactions and entries."""


class SqliteRows:
    """See ledger.adapters.ledger_rows.LedgerRows."""

    async def take(self, connection: AsyncConnection, name: str) -> Head | None:
        taken = await connection.execute(
            update(books)
            .where(books.c.name == name)
            .values(epoch=books.c.epoch + 1)
            .returning(*books.c)
        )
        row = taken.one_or_none()
        return None if row is None else rows.head_of(row._asdict())

    async def accounts(self, connection: AsyncConnection, ids: Collection[UUID]) -> list[Account]:
        return [rows.account_of(row) for row in await _by_id(connection, accounts, ids)]

    async def holds(self, connection: AsyncConnection, ids: Collection[UUID]) -> list[Hold]:
        return [rows.hold_of(row) for row in await _by_id(connection, holds, ids)]

    async def transactions(
        self, connection: AsyncConnection, ids: Collection[UUID], book_number: int
    ) -> list[Transaction]:
        found = await _by_id(connection, transactions, ids)
        return [rows.transaction_of(row, book_number) for row in found]

    async def fence(self, connection: AsyncConnection, head: Head) -> None:
        query = select(books.c.name).where(books.c.name == head.name, books.c.epoch == head.epoch)
        if (await connection.execute(query)).first() is None:
            raise Fenced(head.name)

    def added(self, new: Sequence[Transaction], posted: Sequence[Transaction]) -> Added:
        return (
            [rows.transaction_row(one) for one in new],
            [row for one in posted for row in rows.entry_rows(one)],
        )

    async def append(self, connection: AsyncConnection, added: Added) -> None:
        for table, some in zip((transactions, entries), added, strict=True):
            await _add(connection, table, some)

    async def write(self, connection: AsyncConnection, head: Head, changes: Changes) -> None:
        advanced = await connection.execute(
            update(books)
            .where(books.c.name == head.name, books.c.epoch == head.epoch)
            .values(
                transactions=head.transactions,
                postings=head.postings,
                link=head.link,
                last_at=head.last_at,
            )
        )
        if advanced.rowcount != 1:
            raise Fenced(head.name)
        await self.append(connection, self.added(changes.new_transactions, changes.posted))
        opened, held = changes.new_accounts, changes.new_holds.values()
        await _add(connection, accounts, [rows.account_row(one) for one in opened])
        await _add(connection, holds, [rows.hold_row(one) for one in held])
        # Balance and minimum in one statement: a row must keep the rule at every step.
        changed = [one for one in changes.accounts if one.id not in changes.details]
        await _change(connection, accounts, ("posted", "held", "version"), changed)
        await _change(connection, accounts, rows.OF_AN_ACCOUNT, changes.details.values())
        await _change(connection, holds, ("status", "captured", "version"), changes.holds.values())
        await _change(connection, transactions, _OF_TRANSACTIONS, changes.transactions.values())


_OF_TRANSACTIONS: Final = (
    *("status", "amount", "refunded", "is_reversed"),
    *("ended_at", "posting", "link"),
)


async def _by_id(
    connection: AsyncConnection, table: Table, ids: Collection[UUID]
) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    wanted = list(ids)
    for start in range(0, len(wanted), _AT_ONCE):
        query = select(table).where(table.c.id.in_(wanted[start : start + _AT_ONCE]))
        found += [row._asdict() for row in await connection.execute(query)]
    return found


async def _add(connection: AsyncConnection, table: Table, records: Sequence[rows.Row]) -> None:
    if records:
        names = table.columns.keys()
        values = [dict(zip(names, record, strict=True)) for record in records]
        await connection.execute(insert(table), values)


async def _change(
    connection: AsyncConnection, table: Table, names: Sequence[str], changed: Collection[Any]
) -> None:
    if not changed:
        return
    statement = update(table).where(table.c.id == bindparam("_id"))
    await connection.execute(
        statement.values({name: bindparam(f"_{name}") for name in names}),
        [{f"_{name}": getattr(one, name) for name in (*names, "id")} for one in changed],
    )
