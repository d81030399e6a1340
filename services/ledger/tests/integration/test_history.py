"""Balances and entries at past moments, and statements, against looking at every entry."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from services.ledger.tests.integration.acting import (
    Client,
    Headers,
    capture,
    credit,
    done,
    funded,
    hold,
    items,
    opened,
    transfer,
    tried,
)
from services.ledger.tests.integration.conftest import Bench
from sqlalchemy import insert

from contracts.ids import new_id
from contracts.ledger import VoidHold
from ledger.adapters.moments import last_entry, versions_at
from ledger.adapters.sql_history import LINES_AT_ONCE
from ledger.adapters.sql_reads import SqlLedgerReads
from ledger.adapters.tables import accounts, entries, transactions
from storage.database import Database

START = datetime(2026, 1, 1, tzinfo=UTC)
LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
FAR_OFF = datetime(9999, 12, 31, tzinfo=UTC)
SECOND = timedelta(seconds=1)

numbers = count(1_000_000)

Row = dict[str, Any]

steps = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3)), max_size=40)
"""How much version and time go up from one entry to the next."""


@pytest.fixture
async def db(migrated_url: str) -> AsyncIterator[Database]:
    db = Database(migrated_url)
    yield db
    await db.close()


def rows_of(account_id: UUID, gaps: list[tuple[int, int]]) -> list[Row]:
    rows: list[Row] = []
    version, seconds = 1, 0
    for up, later in gaps:
        version, seconds = version + up, seconds + later
        rows.append(
            {
                "account_id": account_id,
                "version": version,
                "transaction_id": new_id(),
                "amount": 1,
                "balance": len(rows) + 1,
                "created_at": START + seconds * SECOND,
            }
        )
    return rows


async def stored(db: Database, rows: list[Row], account_id: UUID, versions_beyond: int) -> int:
    """An account with these entries; returns its version."""
    version = (rows[-1]["version"] if rows else 1) + versions_beyond
    account = {
        "id": account_id, "book": "main", "owner_id": uuid4(), "kind": "customer",
        "currency": "EUR", "name": "", "minimum": 0, "posted": len(rows), "held": 0,
        "version": version, "is_closed": False, "created_at": START,
    }  # fmt: skip
    posted = [
        {
            "id": row["transaction_id"], "book": "main", "number": next(numbers),
            "kind": "credit", "status": "completed", "amount": 1, "currency": "EUR",
            "source_id": uuid4(), "target_id": account_id, "description": f"no. {row['balance']}",
            "refunded": 0, "is_reversed": False, "created_at": row["created_at"],
        }
        for row in rows
    ]  # fmt: skip
    async with db.write() as connection:
        await connection.execute(insert(accounts).values(account))
        for table, values in ((transactions, posted), (entries, rows)):
            if values:
                await connection.execute(insert(table), values)
    return version


@given(steps=steps, beyond=st.integers(0, 9), seconds=st.integers(-1, 60), excluded=st.booleans())
@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_the_search_finds_what_looking_at_every_entry_finds(
    db: Database, steps: list[tuple[int, int]], beyond: int, seconds: int, excluded: bool
) -> None:
    account_id, moment = new_id(), START + seconds * SECOND
    rows = rows_of(account_id, steps)
    version = await stored(db, rows, account_id, beyond)
    expected = [
        row
        for row in rows
        if row["created_at"] < moment or (row["created_at"] == moment and not excluded)
    ]
    async with db.read() as connection:
        found = await versions_at(connection, {account_id: version}, moment, is_excluded=excluded)
        entry = (await connection.execute(last_entry(account_id, found[account_id]))).one_or_none()
    assert (entry and entry.version) == (expected[-1]["version"] if expected else None)
    assert not [row for row in rows if row not in expected and row["version"] <= found[account_id]]


async def test_accounts_of_very_different_lengths_are_searched_at_once(db: Database) -> None:
    lengths = {new_id(): length for length in (0, 1, 2, 63, 64, 65, 200)}
    versions = {
        account_id: await stored(db, rows_of(account_id, [(1, 1)] * length), account_id, 0)
        for account_id, length in lengths.items()
    }
    async with db.read() as connection:
        for seconds in (0, 1, 60, 64, 300):
            found = await versions_at(connection, versions, START + seconds * SECOND)
            for account_id, length in lengths.items():
                entry = (
                    await connection.execute(last_entry(account_id, found[account_id]))
                ).first()
                assert (entry.balance if entry else 0) == min(seconds, length)
        assert await versions_at(connection, {}, START) == {}


async def test_a_balance_is_that_after_the_last_entry_up_to_the_moment(
    ledger: Client, bench: Bench, owner: Headers
) -> None:
    account_id = await opened(bench)

    async def balance(at: str | None = None) -> tuple[str, int]:
        query = {} if at is None else {"at": at}
        response = await ledger.get(f"/accounts/{account_id}/balance", params=query, headers=owner)
        assert response.status_code == 200, response.text
        view = response.json()
        assert (view["account_id"], view["currency"]) == (str(account_id), "EUR")
        return view["balance"], view["version"]

    assert await balance() == ("0.00", 0)
    moments = []
    for amount in (100, 200, 300):
        await done(bench, credit(account_id, amount))
        placing = hold(account_id, 50)
        await done(bench, placing)
        await done(bench, VoidHold(hold_id=placing.hold_id))
    listed = await items(ledger, f"/accounts/{account_id}/entries", owner)
    for entry in listed:
        moments.append(entry["created_at"])
        assert await balance(entry["created_at"]) == (entry["balance"], entry["version"])
    just_before = datetime.fromisoformat(moments[-1]) - timedelta(microseconds=1)
    assert await balance(just_before.isoformat()) == ("0.00", 0)
    assert await balance(LONG_AGO.isoformat()) == ("0.00", 0)
    assert await balance(FAR_OFF.isoformat()) == await balance()
    assert await balance() == ("6.00", listed[0]["version"])


async def test_the_moment_of_a_balance_is_never_before_its_last_entry(
    ledger: Client, bench: Bench, owner: Headers
) -> None:
    account_id = await opened(bench)
    before = datetime.now(UTC)
    for amount in (1, 2):
        await done(bench, credit(account_id, amount))
        view = (await ledger.get(f"/accounts/{account_id}/balance", headers=owner)).json()
        [entry, *_] = await items(ledger, f"/accounts/{account_id}/entries", owner)
        assert datetime.fromisoformat(view["at"]) >= datetime.fromisoformat(entry["created_at"])
        assert datetime.fromisoformat(view["at"]) >= before


async def test_entries_are_listed_from_one_moment_to_another_with_both_within(
    ledger: Client, bench: Bench, owner: Headers
) -> None:
    account_id = await opened(bench)
    await tried(bench, credit(account_id, 1), credit(account_id, 2))
    for amount in (3, 4, 5):
        await done(bench, credit(account_id, amount))
    path = f"/accounts/{account_id}/entries"
    everything = await items(ledger, path, owner)
    moments = sorted({entry["created_at"] for entry in everything})
    assert len(moments) == 4
    for since in (None, *moments):
        for until in (None, *moments):
            given = {"since": since, "until": until}
            listed = await items(ledger, path, owner, limit=1, **given)
            assert listed == [
                entry
                for entry in everything
                if (since or "") <= entry["created_at"] <= (until or "9")
            ]


async def test_entries_are_complete_while_more_are_appended(
    ledger: Client, bench: Bench, owner: Headers
) -> None:
    account_id, other = await funded(bench), await opened(bench)
    for _ in range(6):
        await done(bench, transfer(account_id, other, 1))
    path = f"/accounts/{account_id}/entries"
    before = await items(ledger, path, owner)
    response = await ledger.get(path, params={"limit": 2}, headers=owner)
    walked, after = response.json()["items"], response.json()["next"]
    while after is not None:
        placing = hold(account_id, 1)
        await tried(bench, transfer(account_id, other, 1), placing, capture(placing.hold_id))
        response = await ledger.get(path, params={"limit": 2, "after": after}, headers=owner)
        walked += response.json()["items"]
        after = response.json()["next"]
    assert walked == before


async def test_a_statement_in_parts_is_fixed_at_its_start(db: Database, bench: Bench) -> None:
    account_id = new_id()
    length = 2 * LINES_AT_ONCE + 1
    rows = rows_of(account_id, [(1, 0)] * length)
    await stored(db, rows, account_id, 0)
    reads = SqlLedgerReads(db)
    frame = await reads.statement(account_id, None, starts_at=START, ends_at=FAR_OFF)
    parts = []
    async for lines in reads.statement_lines(frame):
        parts.append(len(lines))
        await done(bench, credit(account_id, 7))
    assert parts == [LINES_AT_ONCE, LINES_AT_ONCE, 1]
    assert await reads.statement_size(frame) == length
    assert (frame.opening_balance, frame.closing_balance) == (0, length)
    later = await reads.statement(account_id, None, starts_at=START, ends_at=FAR_OFF)
    assert await reads.statement_size(later) == length + len(parts)
    assert (
        await reads.statement_size(
            await reads.statement(account_id, None, starts_at=START - SECOND, ends_at=START)
        )
        == 0
    )
