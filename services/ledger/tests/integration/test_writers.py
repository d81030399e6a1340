"""A book has one writer: whoever comes second shuts out the first, and nothing is lost."""

import asyncio
from contextlib import suppress
from uuid import UUID

import pytest
from services.ledger.tests.integration.commanding import (
    answers,
    capture,
    credit,
    debit,
    done,
    funded,
    held,
    is_balanced,
    money,
    nothing_changes,
    opened,
    problem_of,
    send,
    sent,
    stored,
    transfer,
)
from services.ledger.tests.integration.conftest import Bench, bench_on

from contracts.contract import Command
from contracts.gateway import Outcome
from contracts.ledger import VoidHold
from ledger.adapters import tables
from ledger.adapters.ledger_rows import Fenced
from messaging.envelope import Envelope
from testkit.workbench import outcomes_of


async def insisting(bench: Bench, *commands: Command) -> list[Outcome]:
    """As a consumer does: a batch that was shut out is delivered again."""
    records = [sent(command) for command in commands]
    ids = [Envelope.from_headers(record.headers).id for record in records]
    is_done = False
    while not is_done:
        with suppress(Fenced):
            await bench.consumer.consume(records)
            is_done = True
    outcomes = outcomes_of(await bench.sent())
    return [outcomes[id_] for id_ in ids]


async def test_a_second_writer_shuts_out_the_first_which_goes_on_when_it_has_dropped_its_memory(
    bench: Bench, migrated_url: str
) -> None:
    account_id = await funded(bench)
    async with bench_on(migrated_url).running() as second:
        await done(second, debit(account_id, 1000))
        record = sent(debit(account_id, 4500))
        async with nothing_changes(bench):
            with pytest.raises(Fenced):
                await bench.consumer.consume([record])
        [outcome] = await answers(bench, record)
        assert problem_of(outcome, "insufficient-funds")["available"] == "40.00"
        with pytest.raises(Fenced):
            await send(second, debit(account_id, 1))
    assert await money(bench, account_id) == (4000, 0)


async def test_a_refusal_does_not_rest_on_what_another_writer_has_changed_since(
    bench: Bench, migrated_url: str
) -> None:
    account_id = await opened(bench)
    async with bench_on(migrated_url).running() as second:
        await done(second, credit(account_id, 1000))
    record = sent(debit(account_id, 700))
    with pytest.raises(Fenced):
        await bench.consumer.consume([record])
    assert [outcome.state for outcome in await answers(bench, record)] == ["succeeded"]


async def test_money_is_not_spent_twice_by_two_writers_at_once(
    bench: Bench, migrated_url: str
) -> None:
    source, target, other = await funded(bench, 1000), await opened(bench), await opened(bench)
    async with bench_on(migrated_url).running() as second:
        results = await asyncio.gather(
            insisting(bench, transfer(source, target, 700)),
            insisting(second, transfer(source, other, 700)),
        )
    states = sorted(outcome.state for outcomes in results for outcome in outcomes)
    assert states == ["refused", "succeeded"]
    assert await money(bench, source) == (300, 0)
    assert {await money(bench, target), await money(bench, other)} == {(0, 0), (700, 0)}
    assert await is_balanced(bench)


async def test_of_two_captures_at_once_one_wins(bench: Bench, migrated_url: str) -> None:
    account_id = await funded(bench)
    hold_id = await held(bench, account_id)
    async with bench_on(migrated_url).running() as second:
        results = await asyncio.gather(
            insisting(bench, capture(hold_id)), insisting(second, capture(hold_id))
        )
    [loser] = [one for outcomes in results for one in outcomes if one.state == "refused"]
    assert problem_of(loser, "hold-not-open")["hold_status"] == "captured"
    assert await money(bench, account_id) == (3000, 0)
    assert await is_balanced(bench)


async def test_of_a_capture_and_a_void_at_once_one_wins(bench: Bench, migrated_url: str) -> None:
    account_id = await funded(bench)
    hold_id = await held(bench, account_id)
    async with bench_on(migrated_url).running() as second:
        results = await asyncio.gather(
            insisting(bench, capture(hold_id)), insisting(second, VoidHold(hold_id=hold_id))
        )
    states = sorted(outcome.state for outcomes in results for outcome in outcomes)
    assert states == ["refused", "succeeded"]
    assert await money(bench, account_id) in [(3000, 0), (5000, 0)]


async def test_two_writers_in_opposite_order_both_finish_and_lose_nothing(
    bench: Bench, migrated_url: str
) -> None:
    one, other = await funded(bench, 100_000), await funded(bench, 100_000)
    async with bench_on(migrated_url).running() as second:

        async def many(bench: Bench, source: UUID, target: UUID) -> None:
            for n in range(8):
                commands = [transfer(source, target, n + 1), transfer(source, target, 10)]
                outcomes = await insisting(bench, *commands)
                assert [outcome.state for outcome in outcomes] == ["succeeded"] * 2

        async with asyncio.timeout(60):
            await asyncio.gather(many(bench, one, other), many(second, other, one))
    assert await money(bench, one) == await money(bench, other) == (100_000, 0)
    rows = sorted(await stored(bench, tables.transactions), key=lambda row: row["number"])
    assert [row["number"] for row in rows] == list(range(1, 2 + 2 * 16 + 1))
    assert await is_balanced(bench)


async def test_a_batch_that_fails_leaves_nothing_in_memory(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = await funded(bench)
    record = sent(debit(account_id, 4000))

    async def away(*_args: object) -> None:
        raise ConnectionError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr("storage.store.SqlTransaction.flush", away)
        async with nothing_changes(bench):
            with pytest.raises(ConnectionError):
                await bench.consumer.consume([record])
    assert [outcome.state for outcome in await answers(bench, record)] == ["succeeded"]
    assert await money(bench, account_id) == (1000, 0)
