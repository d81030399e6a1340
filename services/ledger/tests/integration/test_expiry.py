from datetime import datetime

from services.ledger.tests.integration.clocks import Clock
from services.ledger.tests.integration.commanding import (
    capture,
    debit,
    events,
    funded,
    held,
    hold,
    is_balanced,
    money,
    opened,
    row_of,
    send,
    transfer,
)
from services.ledger.tests.integration.conftest import Bench

from ledger.adapters.sql_due_holds import SqlDueHolds
from ledger.adapters.tables import delivery, holds, transactions
from ledger.application.expiry import Expiry
from messaging.envelope import Outgoing
from testkit.records import delivered


def expiry_at(bench: Bench, clock: Clock, *, batch: int = 500) -> Expiry:
    due_holds = SqlDueHolds(bench.delivery.db, bench.delivery.outbox_wake.set)
    return Expiry(holds=due_holds, now=lambda: clock.moment, batch=batch)


async def sent_for(bench: Bench) -> list[Outgoing]:
    """What the relay would publish for the ledger itself."""
    return await bench.sent("ExpireHold")


async def test_a_hold_whose_time_is_over_gives_back_what_it_held(
    bench: Bench, clock: Clock
) -> None:
    account_id = await funded(bench, 5000)
    hold_id = await held(bench, account_id, 2000, expires_at=clock.after(60))
    lasting = await held(bench, account_id, 300)
    expiry = expiry_at(bench, clock)
    clock.move(59)
    assert await expiry.expire_once() == 0
    clock.move(1)
    assert await expiry.expire_once() == 1
    [message] = await sent_for(bench)
    assert (message.topic, message.key) == ("ledger.commands.v1", "main")
    assert message.headers["ce_source"] == "ledger"
    assert "ce_replyto" not in message.headers
    await bench.consume(delivered(message))
    assert await money(bench, account_id) == (5000, 300)
    assert (await row_of(bench, holds, hold_id))["status"] == "expired"
    assert (await row_of(bench, holds, lasting))["status"] == "held"
    assert "HoldExpired" in await events(bench)


async def test_a_pending_transaction_whose_time_is_over_is_cancelled(
    bench: Bench, clock: Clock
) -> None:
    source, target = await funded(bench, 5000), await opened(bench)
    pending = transfer(source, target, 700, is_pending=True, expires_at=clock.after(60))
    await send(bench, pending)
    clock.move(61)
    await expiry_at(bench, clock).expire_once()
    await bench.consume(*(delivered(message) for message in await sent_for(bench)))
    assert (await row_of(bench, transactions, pending.transaction_id))["status"] == "cancelled"
    assert await money(bench, source) == (5000, 0)
    assert "TransactionCancelled" in await events(bench)
    assert await is_balanced(bench)


async def test_a_hold_that_was_captured_first_stays_captured(bench: Bench, clock: Clock) -> None:
    account_id = await funded(bench, 5000)
    hold_id = await held(bench, account_id, 2000, expires_at=clock.after(60))
    clock.move(59)
    await send(bench, capture(hold_id))
    clock.move(1)
    expiry = expiry_at(bench, clock)
    assert await expiry.expire_once() == 0
    # It was on its way when the capture came.
    await SqlDueHolds(bench.delivery.db, lambda: None).expire([("main", hold_id)], 1)
    [message] = await sent_for(bench)
    await bench.consume(delivered(message))
    assert (await row_of(bench, holds, hold_id))["status"] == "captured"
    assert await money(bench, account_id) == (3000, 0)


async def test_a_hold_is_sent_for_once_a_minute_until_it_has_ended(
    bench: Bench, clock: Clock
) -> None:
    account_id = await funded(bench, 5000)
    await held(bench, account_id, 2000, expires_at=clock.after(60))
    expiry = expiry_at(bench, clock)
    clock.move(60)
    assert [await expiry.expire_once() for _ in range(3)] == [1, 0, 0]
    clock.move(59)
    assert await expiry.expire_once() == 0
    clock.move(1)
    assert await expiry.expire_once() == 1
    messages = await sent_for(bench)
    await bench.consume(*(delivered(message) for message in messages))
    clock.move(60)
    assert await expiry.expire_once() == 0
    assert await money(bench, account_id) == (5000, 0)
    assert (await events(bench)).count("HoldExpired") == 1


async def test_two_instances_send_the_same_message_which_counts_once(
    bench: Bench, clock: Clock
) -> None:
    account_id = await funded(bench, 5000)
    await held(bench, account_id, 2000, expires_at=clock.after(60))
    clock.move(60)
    for _ in range(2):
        await expiry_at(bench, clock).expire_once()
    first, second = await sent_for(bench)
    assert first.headers["ce_id"] == second.headers["ce_id"]
    await bench.consume(delivered(first))
    await bench.consume(delivered(second))
    assert (await events(bench)).count("HoldExpired") == 1
    async with bench.delivery.db.read() as connection:
        query = delivery.inbox.select().where(delivery.inbox.c.message_type == "ExpireHold")
        [entry] = (await connection.execute(query)).all()
    assert '"succeeded"' in entry.settlement


async def test_the_oldest_go_first_and_none_waits_for_those_that_are_on_their_way(
    bench: Bench, clock: Clock
) -> None:
    account_id = await funded(bench, 5000)
    ends: dict[str, datetime] = {}
    for seconds in (50, 10, 40, 20, 30):
        command = hold(account_id, 1, expires_at=clock.after(seconds))
        await send(bench, command)
        ends[str(command.hold_id)] = clock.after(seconds)
    clock.move(50)
    expiry = expiry_at(bench, clock, batch=2)
    assert [await expiry.expire_once() for _ in range(4)] == [2, 2, 1, 0]
    sent = [ends[message.value.split('"hold_id":"')[1][:36]] for message in await sent_for(bench)]
    assert sent == sorted(ends.values())


async def test_a_clock_ahead_of_the_ledgers_is_refused_and_asks_again_later(
    bench: Bench, clock: Clock
) -> None:
    account_id = await funded(bench, 5000)
    hold_id = await held(bench, account_id, 2000, expires_at=clock.after(60))
    early = SqlDueHolds(bench.delivery.db, lambda: None)
    assert await early.due(clock.after(60), 10) == [("main", hold_id)]
    await early.expire([("main", hold_id)], 1)
    [message] = await sent_for(bench)
    await bench.consume(delivered(message))
    assert await money(bench, account_id) == (5000, 2000)
    clock.move(60)
    await expiry_at(bench, clock).expire_once()
    _early, message = await sent_for(bench)
    await bench.consume(delivered(message))
    assert await money(bench, account_id) == (5000, 0)


async def test_money_of_an_expired_hold_can_be_spent(bench: Bench, clock: Clock) -> None:
    account_id = await funded(bench, 1000)
    await held(bench, account_id, 1000, expires_at=clock.after(60))
    clock.move(60)
    await expiry_at(bench, clock).expire_once()
    [message] = await sent_for(bench)
    await bench.consume(delivered(message))
    [outcome] = await send(bench, debit(account_id, 1000))
    assert outcome.state == "succeeded"


async def test_posting_wakes_the_relay(bench: Bench, clock: Clock) -> None:
    account_id = await funded(bench, 1000)
    await held(bench, account_id, 1000, expires_at=clock.after(60))
    clock.move(60)
    calls: list[str] = []
    due_holds = SqlDueHolds(bench.delivery.db, lambda: calls.append("woken"))
    expiry = Expiry(holds=due_holds, now=lambda: clock.moment)
    await expiry.expire_once()
    await expiry.expire_once()
    assert calls == ["woken"]
