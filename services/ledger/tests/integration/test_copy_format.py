"""Rows that are packed by hand are the rows that the driver would have written."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from services.ledger.tests.integration.conftest import MIGRATIONS
from services.ledger.tests.unit.accounts import a_transaction

from contracts.money import MAX_MINOR_UNITS
from ledger.adapters import copy_format, rows
from ledger.adapters.copy_format import entries_copy, is_plain, transactions_copy
from ledger.domain.account import Entry, Written
from ledger.domain.transaction import Posting, Transaction
from testkit.migrations import migrate

amounts = st.integers(1, MAX_MINOR_UNITS)
signed = st.integers(-MAX_MINOR_UNITS, MAX_MINOR_UNITS)
moments = st.datetimes(timezones=st.just(UTC))
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
currencies = st.sampled_from(["EUR", "JPY", "KWD"])
links = st.binary(min_size=32, max_size=32)


@st.composite
def plain_ones(draw: st.DrawFn) -> Transaction:
    posting = Posting(draw(st.uuids()), draw(st.uuids()), draw(amounts), draw(currencies))
    return a_transaction(
        id=draw(st.uuids()),
        number=draw(st.integers(1, 2**40)),
        kind=draw(st.sampled_from(["credit", "debit", "transfer"])),
        amount=posting.amount,
        currency=posting.currency,
        postings=(posting,),
        description=draw(texts),
        created_at=draw(moments),
        ended_at=draw(moments),
        refunded=draw(st.integers(0, posting.amount)),
        is_reversed=draw(st.booleans()),
        asked_by=draw(st.none() | st.uuids()),
        entries=(draw(entries(posting.source_id)), draw(entries(posting.target_id))),
        posting=draw(st.integers(1, 2**40)),
        link=draw(links),
        fingerprint=draw(st.none() | links),
    )


@st.composite
def entries(draw: st.DrawFn, account_id: UUID) -> Entry:
    written = draw(st.sampled_from([None, Written(str(account_id), None, account_id.bytes)]))
    version = draw(st.integers(1, 2**53))
    return Entry(account_id, None, version, draw(signed), draw(signed), written)


@pytest.fixture
async def copies(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection whose tables of these names are empty copies of the real ones."""
    migrate(postgres_url, MIGRATIONS)
    connection = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    for table in ("transactions", "entries"):
        await connection.execute(f"CREATE TEMP TABLE {table} (LIKE public.{table})")
    yield connection
    await connection.close()


async def put(
    copies: asyncpg.Connection,
    table: str,
    columns: Sequence[str],
    what: memoryview | list[rows.Row],
) -> None:
    if isinstance(what, memoryview):
        await copies.copy_to_table(table, source=what, columns=columns, format="binary")
    else:
        await copies.copy_records_to_table(table, records=what, columns=columns)


async def taken(copies: asyncpg.Connection) -> list[list[asyncpg.Record]]:
    """The rows of both, which are gone from there."""
    found = [
        await copies.fetch("SELECT * FROM transactions ORDER BY id"),
        await copies.fetch("SELECT * FROM entries ORDER BY transaction_id, account_id, version"),
    ]
    await copies.execute("TRUNCATE transactions, entries")
    return found


@pytest.mark.parametrize(
    "values",
    [
        {"metadata": {"month": "May"}},
        {"corrects": UUID(int=1)},
        {"postings": ()},
        {"entries": ()},
        {"currency": None},
    ],
    ids=lambda values: next(iter(values)),
)
def test_what_few_transactions_have_is_left_to_the_driver(values: dict[str, Any]) -> None:
    two = (Entry(UUID(int=1), None, 2, -30, 0), Entry(UUID(int=2), None, 2, 30, 30))
    assert is_plain(a_transaction(entries=two))
    assert not is_plain(a_transaction(**{"entries": two} | values))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
async def test_postgresql_reads_the_same_rows(
    copies: asyncpg.Connection, data: st.DataObject
) -> None:
    plain = data.draw(st.lists(plain_ones(), max_size=4, unique_by=lambda one: one.id))
    assert all(is_plain(one) for one in plain)
    by_hand = memoryview(transactions_copy(plain)), memoryview(entries_copy(plain))
    await put(copies, "transactions", copy_format.TRANSACTION, by_hand[0])
    await put(copies, "entries", copy_format.ENTRY, by_hand[1])
    packed = await taken(copies)
    await put(
        copies, "transactions", rows.TRANSACTION, [rows.transaction_row(one) for one in plain]
    )
    entry_rows = [row for one in plain for row in rows.entry_rows(one)]
    await put(copies, "entries", rows.ENTRY, entry_rows)
    assert packed == await taken(copies)
    assert [len(some) for some in packed] == [len(plain), 2 * len(plain)]
