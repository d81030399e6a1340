"""The ledger's rows on PostgreSQL: one statement for each kind of change, whatever the batch."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.adapters import copy_format, rows
from ledger.adapters.copy_format import entries_copy, is_plain, transactions_copy
from ledger.adapters.ledger_rows import Fenced
from ledger.domain.account import Account
from ledger.domain.changes import Changes, Head
from ledger.domain.hold import Hold
from ledger.domain.transaction import Transaction
from storage.database import driver_of

_TAKE: Final = "UPDATE books SET epoch = epoch + 1 WHERE name = $1 RETURNING *"
_FENCE: Final = "SELECT 1 FROM books WHERE name = $1 AND epoch = $2 FOR UPDATE"
_ADVANCE: Final = """
UPDATE books SET transactions = $3, postings = $4, link = $5, last_at = $6
WHERE name = $1 AND epoch = $2
"""
_BALANCES: Final = """
UPDATE accounts SET posted = new.posted, held = new.held, version = new.version
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[]) AS new (id, posted, held, version)
WHERE accounts.id = new.id
"""
_DETAILS: Final = """
UPDATE accounts SET posted = $2, held = $3, version = $4, name = $5, minimum = $6, is_closed = $7
WHERE id = $1
"""
_HOLD: Final = "UPDATE holds SET status = $2, captured = $3, version = $4 WHERE id = $1"
_TRANSACTION: Final = """
UPDATE transactions SET status = $2, amount = $3, refunded = $4, is_reversed = $5,
    ended_at = $6, posting = $7, link = $8
WHERE id = $1
"""
_OF_A_TRANSACTION: Final = (
    *("id", "status", "amount", "refunded", "is_reversed"),
    *("ended_at", "posting", "link"),
)

Copy: TypeAlias = tuple[str, Sequence[str], Sequence[rows.Row] | memoryview]
"""Table, columns, and the rows: as they are, or packed in COPY's binary format."""


class PostgresRows:
    """See ledger.adapters.ledger_rows.LedgerRows."""

    async def take(self, connection: AsyncConnection, name: str) -> Head | None:
        row = await (await driver_of(connection)).fetchrow(_TAKE, name)
        return row and rows.head_of(row)

    async def accounts(self, connection: AsyncConnection, ids: Collection[UUID]) -> list[Account]:
        return [rows.account_of(row) for row in await _by_id(connection, "accounts", ids)]

    async def holds(self, connection: AsyncConnection, ids: Collection[UUID]) -> list[Hold]:
        return [rows.hold_of(row) for row in await _by_id(connection, "holds", ids)]

    async def transactions(
        self, connection: AsyncConnection, ids: Collection[UUID], book_number: int
    ) -> list[Transaction]:
        found = await _by_id(connection, "transactions", ids)
        return [rows.transaction_of(row, book_number) for row in found]

    async def fence(self, connection: AsyncConnection, head: Head) -> None:
        driver = await driver_of(connection)
        if await driver.fetchval(_FENCE, head.name, head.epoch) is None:
            raise Fenced(head.name)

    def added(self, new: Sequence[Transaction], posted: Sequence[Transaction]) -> list[Copy]:
        plain, others = _parted(new, is_plain)
        of_two, of_more = _parted(posted, lambda one: len(one.entries) == 2)
        more = [row for one in of_more for row in rows.entry_rows(one)]
        copies: list[Copy] = [
            ("transactions", rows.TRANSACTION, [rows.transaction_row(one) for one in others]),
            ("entries", rows.ENTRY, more),
        ]
        # As bytes it would be the name of a file.
        if plain:
            packed = memoryview(transactions_copy(plain))
            copies.append(("transactions", copy_format.TRANSACTION, packed))
        if of_two:
            copies.append(("entries", copy_format.ENTRY, memoryview(entries_copy(of_two))))
        return copies

    async def append(self, connection: AsyncConnection, added: list[Copy]) -> None:
        driver = await driver_of(connection)
        for table, columns, what in added:
            if isinstance(what, memoryview):
                await driver.copy_to_table(table, source=what, columns=columns, format="binary")
            else:
                await _copy(driver, table, columns, what)

    async def write(self, connection: AsyncConnection, head: Head, changes: Changes) -> None:
        driver = await driver_of(connection)
        counts = (head.transactions, head.postings, head.link, head.last_at)
        if await driver.execute(_ADVANCE, head.name, head.epoch, *counts) != "UPDATE 1":
            raise Fenced(head.name)
        await _copy(
            driver,
            "accounts",
            rows.ACCOUNT,
            [rows.account_row(one) for one in changes.new_accounts],
        )
        await self.append(connection, self.added(changes.new_transactions, changes.posted))
        await self._write_accounts(driver, changes)
        await self._write_the_rare(driver, changes)

    async def _write_accounts(self, driver: Any, changes: Changes) -> None:
        # Balance and minimum in one statement: a row must keep the rule at every step.
        changed = [one for one in changes.accounts if one.id not in changes.details]
        if changed:
            await driver.execute(
                _BALANCES,
                [one.id for one in changed],
                [one.posted for one in changed],
                [one.held for one in changed],
                [one.version for one in changed],
            )
        await _each(
            driver,
            _DETAILS,
            [
                (one.id, *(getattr(one, name) for name in rows.OF_AN_ACCOUNT))
                for one in changes.details.values()
            ],
        )

    async def _write_the_rare(self, driver: Any, changes: Changes) -> None:
        new = changes.new_holds.values()
        await _copy(driver, "holds", rows.HOLD, [rows.hold_row(one) for one in new])
        holds = changes.holds.values()
        await _each(
            driver, _HOLD, [(one.id, one.status, one.captured, one.version) for one in holds]
        )
        await _each(
            driver,
            _TRANSACTION,
            [
                tuple(getattr(one, name) for name in _OF_A_TRANSACTION)
                for one in changes.transactions.values()
            ],
        )


async def _by_id(connection: AsyncConnection, table: str, ids: Iterable[UUID]) -> Any:
    driver = await driver_of(connection)
    # As one array: a list of parameters is another statement for each length.
    return await driver.fetch(f"SELECT * FROM {table} WHERE id = ANY ($1)", list(ids))  # noqa: S608


async def _copy(
    driver: Any, table: str, columns: Sequence[str], records: Sequence[rows.Row]
) -> None:
    if records:
        await driver.copy_records_to_table(table, columns=columns, records=records)


def _parted(
    some: Sequence[Transaction], belongs: Callable[[Transaction], bool]
) -> tuple[list[Transaction], list[Transaction]]:
    """Those that do, and those that don't."""
    parts: tuple[list[Transaction], list[Transaction]] = [], []
    for one in some:
        parts[0 if belongs(one) else 1].append(one)
    return parts


async def _each(driver: Any, statement: str, values: Sequence[rows.Row]) -> None:
    if values:
        await driver.executemany(statement, values)
