"""A long batch is written while it is still being decided: it ends as if that came afterwards."""

import asyncio

import pytest
from services.ledger.tests.integration.commanding import (
    answers,
    credit,
    debit,
    done,
    funded,
    is_balanced,
    money,
    nothing_changes,
    opened,
    row_of,
    send,
    sent,
    stored,
    transfer,
)
from services.ledger.tests.integration.conftest import Bench, bench_on, write_ahead

from contracts.ids import new_id
from contracts.ledger import CompleteTransaction, RefundTransaction, ReverseTransaction
from ledger.adapters import tables
from ledger.adapters.ledger_rows import Fenced
from messaging.consumer import TooManyDeadLetters
from testkit.records import LogRecord, record_of


@pytest.fixture(autouse=True)
def ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    write_ahead(monkeypatch)


async def all_succeed(bench: Bench, records: list[LogRecord]) -> None:
    """A batch that has failed comes again, and nothing of its first try is in the way."""
    outcomes = await answers(bench, *records)
    assert [outcome.state for outcome in outcomes] == ["succeeded"] * len(records)


async def test_what_was_written_ahead_may_change_in_the_same_batch(bench: Bench) -> None:
    source, target = await funded(bench), await opened(bench)
    paid, undone, waited = (
        transfer(source, target, 1000),
        transfer(source, target, 500),
        transfer(source, target, 300, is_pending=True),
    )
    outcomes = await send(
        bench,
        # The first two are on their way when the others change them.
        *(waited, paid, undone),
        RefundTransaction(
            transaction_id=new_id(),
            refunded_id=paid.transaction_id,
            amount=400,
            currency="EUR",
        ),
        ReverseTransaction(transaction_id=new_id(), reversed_id=undone.transaction_id),
        CompleteTransaction(transaction_id=waited.transaction_id),
    )
    assert [outcome.state for outcome in outcomes] == ["succeeded"] * 6
    rows = [await row_of(bench, tables.transactions, one.transaction_id) for one in (paid, undone)]
    assert [(row["refunded"], row["is_reversed"]) for row in rows] == [(400, False), (0, True)]
    completed = await row_of(bench, tables.transactions, waited.transaction_id)
    assert (completed["status"], completed["posting"] is not None) == ("completed", True)
    assert await money(bench, target) == (900, 0)
    assert await is_balanced(bench)


async def test_a_command_that_comes_twice_in_one_batch_is_written_once(bench: Bench) -> None:
    account_id = await funded(bench)
    twice = sent(debit(account_id, 100))
    await answers(bench, twice, sent(debit(account_id, 1)), twice)
    assert await money(bench, account_id) == (4899, 0)
    assert len(await stored(bench, tables.transactions)) == 3


async def test_of_a_batch_that_fails_nothing_that_was_written_ahead_is_left(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = await funded(bench)
    records = [sent(debit(account_id, 1000)) for _ in range(4)]

    async def away(*_args: object) -> None:
        raise ConnectionError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr("storage.store.SqlTransaction.flush", away)
        async with nothing_changes(bench):
            with pytest.raises(ConnectionError):
                await bench.consumer.consume(records)
    await all_succeed(bench, records)
    assert await money(bench, account_id) == (1000, 0)


@pytest.mark.parametrize("count", [4, 40])
async def test_an_error_of_what_is_written_ahead_fails_its_batch(
    bench: Bench, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = await funded(bench)
    records = [sent(debit(account_id, 10)) for _ in range(count)]
    rows = bench.delivery.store.rows  # type: ignore[attr-defined]
    append, failed = rows.append, list[bool]()

    async def away_once(*args: object) -> None:
        if not failed:
            failed.append(True)
            raise ConnectionError("the database is away")
        await append(*args)

    with monkeypatch.context() as patch:
        patch.setattr(rows, "append", away_once)
        async with nothing_changes(bench):
            with pytest.raises(ConnectionError):
                await bench.consumer.consume(records)
    await all_succeed(bench, records)


async def test_a_pending_transaction_is_completed_while_its_row_is_on_its_way(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = await funded(bench), await opened(bench)
    pending = transfer(source, target, 300, is_pending=True)
    rows = bench.delivery.store.rows  # type: ignore[attr-defined]
    append, many_turns = rows.append, 20

    async def slowly(*args: object) -> None:
        for _ in range(many_turns):
            await asyncio.sleep(0)
        await append(*args)

    monkeypatch.setattr(rows, "append", slowly)
    await send(
        bench,
        *(pending, debit(source, 1), debit(source, 2), debit(source, 3)),
        CompleteTransaction(transaction_id=pending.transaction_id),
        *(debit(source, 4), debit(source, 5)),
    )
    row = await row_of(bench, tables.transactions, pending.transaction_id)
    assert (row["status"], row["link"] is not None) == ("completed", True)
    assert await money(bench, target) == (300, 0)
    entries = [row["transaction_id"] for row in await stored(bench, tables.entries)]
    assert entries.count(pending.transaction_id) == 2


async def test_a_batch_that_fails_while_its_rows_are_on_their_way_ends_at_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = await funded(bench)
    records = [sent(debit(account_id, 1000)) for _ in range(4)]
    rows, is_writing = bench.delivery.store.rows, asyncio.Event()  # type: ignore[attr-defined]

    async def hang(*_args: object) -> None:
        is_writing.set()
        await asyncio.Event().wait()

    unreadable = record_of(debit(account_id, 1), value=b"{")
    monkeypatch.setattr(bench.consumer, "dead_letter_limit", 1)
    with monkeypatch.context() as patch:
        patch.setattr(rows, "fence", hang)
        async with nothing_changes(bench), asyncio.timeout(30):
            with pytest.raises(TooManyDeadLetters):
                await bench.consumer.consume([*records, unreadable])
    assert is_writing.is_set()
    await all_succeed(bench, records)


async def test_a_batch_that_is_cancelled_while_it_writes_ahead_leaves_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = await funded(bench)
    records = [sent(debit(account_id, 1000)) for _ in range(4)]
    rows, is_writing = bench.delivery.store.rows, asyncio.Event()  # type: ignore[attr-defined]
    append = rows.append

    async def hang(*args: object) -> None:
        await append(*args)
        is_writing.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(rows, "append", hang)
        async with nothing_changes(bench):
            consuming = asyncio.create_task(bench.consumer.consume(records))
            async with asyncio.timeout(30):
                await is_writing.wait()
            consuming.cancel()
            with pytest.raises(asyncio.CancelledError):
                await consuming
    await all_succeed(bench, records)


async def test_a_writer_that_was_shut_out_hears_so_and_not_of_rows_that_are_there(
    bench: Bench, migrated_url: str
) -> None:
    account_id = await funded(bench)
    async with bench_on(migrated_url).running() as second:
        await done(second, credit(account_id, 1000))
    records = [sent(debit(account_id, 100)) for _ in range(4)]
    async with nothing_changes(bench):
        with pytest.raises(Fenced):
            await bench.consumer.consume(records)
    await all_succeed(bench, records)
    assert await money(bench, account_id) == (5600, 0)
