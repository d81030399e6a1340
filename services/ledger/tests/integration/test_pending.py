"""A pending transaction sets money aside and ends once: completed, cancelled or expired."""

from datetime import datetime
from itertools import pairwise
from uuid import UUID

import pytest
from services.ledger.tests.integration.clocks import Clock
from services.ledger.tests.integration.commanding import (
    OWNER,
    capture,
    credit,
    debit,
    done,
    funded,
    held,
    hold,
    is_balanced,
    money,
    opened,
    refused,
    row_of,
    stored,
    transfer,
)
from services.ledger.tests.integration.conftest import Bench, bench_on

from contracts.ids import new_id
from contracts.ledger import CancelTransaction, CompleteTransaction, ExpireHold, VoidHold
from contracts.ledger_events import TransactionCancelled, TransactionPending, TransactionPosted
from ledger.adapters import tables
from ledger.application.house import house_id


def complete(transaction_id: UUID, amount: int | None = None) -> CompleteTransaction:
    return CompleteTransaction(
        transaction_id=transaction_id, amount=amount, currency=None if amount is None else "EUR"
    )


async def pending(bench: Bench, *, expires_at: datetime | None = None) -> tuple[UUID, UUID, UUID]:
    """A pending transfer of 20.00 of 50.00, and its two accounts."""
    source, target = await funded(bench), await opened(bench)
    command = transfer(source, target, 2000, is_pending=True, expires_at=expires_at, owner_id=OWNER)
    view = await done(bench, command)
    assert (view["status"], view["amount"], view["ended_at"]) == ("pending", "20.00", None)
    return command.transaction_id, source, target


async def status(bench: Bench, transaction_id: UUID) -> tuple[str, str]:
    """Of the transaction and of its hold."""
    row = await row_of(bench, tables.transactions, transaction_id)
    assert (row["ended_at"] is None) == (row["status"] == "pending")
    return row["status"], (await row_of(bench, tables.holds, transaction_id))["status"]


async def test_a_pending_transaction_sets_money_aside_and_moves_none(bench: Bench) -> None:
    transaction_id, source, target = await pending(bench)
    assert (await money(bench, source), await money(bench, target)) == ((5000, 2000), (0, 0))
    assert await status(bench, transaction_id) == ("pending", "held")
    [message] = await bench.sent("TransactionPending")
    event = TransactionPending.model_validate_json(message.value)
    assert (event.account_id, event.amount) == (source, 2000)
    assert message.headers["ce_sequence"] == "1"


@pytest.mark.parametrize(("amount", "taken"), [(None, 2000), (1500, 1500)])
async def test_a_pending_transaction_is_completed(
    bench: Bench, amount: int | None, taken: int
) -> None:
    transaction_id, source, target = await pending(bench)
    view = await done(bench, complete(transaction_id, amount))
    assert (view["status"], view["amount"]) == ("completed", f"{taken / 100:.2f}")
    assert await money(bench, source) == (5000 - taken, 0)
    assert await money(bench, target) == (taken, 0)
    assert await status(bench, transaction_id) == ("completed", "captured")
    message = (await bench.sent("TransactionPosted"))[-1]
    event = TransactionPosted.model_validate_json(message.value)
    assert (event.transaction_id, event.amount) == (transaction_id, taken)
    assert message.headers["ce_sequence"] == "2"
    assert await is_balanced(bench)


async def test_a_pending_transaction_is_not_completed_with_more(bench: Bench) -> None:
    transaction_id, _, _ = await pending(bench)
    figures = {"requested": "20.01", "available": "20.00", "currency": "EUR"}
    await refused(bench, complete(transaction_id, 2001), "capture-beyond-hold", **figures)


async def test_a_pending_transaction_is_cancelled(bench: Bench) -> None:
    transaction_id, source, _ = await pending(bench)
    view = await done(bench, CancelTransaction(transaction_id=transaction_id))
    assert view["status"] == "cancelled"
    assert await money(bench, source) == (5000, 0)
    assert await status(bench, transaction_id) == ("cancelled", "voided")
    [message] = await bench.sent("TransactionCancelled")
    assert TransactionCancelled.model_validate_json(message.value).reason == "cancelled"


async def test_a_pending_transaction_expires(bench: Bench, clock: Clock) -> None:
    transaction_id, source, _ = await pending(bench, expires_at=clock.after(60))
    expire = ExpireHold(hold_id=transaction_id)
    clock.move(59)
    await refused(bench, expire, "hold-not-due")
    clock.move(1)
    assert (await done(bench, expire))["status"] == "expired"
    assert await money(bench, source) == (5000, 0)
    assert await status(bench, transaction_id) == ("cancelled", "expired")
    [message] = await bench.sent("TransactionCancelled")
    assert TransactionCancelled.model_validate_json(message.value).reason == "expired"


async def test_what_is_over_is_not_completed_even_before_it_was_expired(
    bench: Bench, clock: Clock
) -> None:
    transaction_id, _, _ = await pending(bench, expires_at=clock.after(60))
    hold_id = await held(bench, await funded(bench), 10, expires_at=clock.after(60))
    clock.move(60)
    for command in (complete(transaction_id), capture(hold_id)):
        await refused(bench, command, "hold-not-open", hold_status="expired")
    await done(bench, CancelTransaction(transaction_id=transaction_id))
    await done(bench, ExpireHold(hold_id=hold_id))


async def test_what_is_set_aside_does_not_expire_in_the_past(bench: Bench, clock: Clock) -> None:
    account_id = await funded(bench)
    for moment in (clock.moment, clock.after(-1)):
        for command in (
            debit(account_id, 1, is_pending=True, expires_at=moment),
            hold(account_id, 1, expires_at=moment),
        ):
            await refused(bench, command, "expires-in-the-past", expires_at=moment.isoformat())


@pytest.mark.parametrize("end", ["completed", "cancelled"])
async def test_a_pending_transaction_ends_once(bench: Bench, end: str) -> None:
    transaction_id, _, _ = await pending(bench)
    cancel = CancelTransaction(transaction_id=transaction_id)
    await done(bench, complete(transaction_id) if end == "completed" else cancel)
    for command in (complete(transaction_id), cancel):
        await refused(bench, command, "transaction-not-pending", transaction_status=end)
    for also in (capture(transaction_id), VoidHold(hold_id=transaction_id)):
        await refused(bench, also, "hold-not-open")


@pytest.mark.parametrize("end", ["captured", "voided"])
async def test_the_hold_of_a_pending_transaction_ends_with_it(bench: Bench, end: str) -> None:
    transaction_id, _, target = await pending(bench)
    await done(
        bench,
        capture(transaction_id) if end == "captured" else VoidHold(hold_id=transaction_id),
    )
    expected = {"captured": ("completed", 2000), "voided": ("cancelled", 0)}[end]
    assert await status(bench, transaction_id) == (expected[0], end)
    assert await money(bench, target) == (expected[1], 0)
    assert len(await stored(bench, tables.transactions)) == 2


async def test_a_transaction_is_completed_by_a_service_that_was_started_anew(
    bench: Bench, migrated_url: str
) -> None:
    transaction_id, source, target = await pending(bench)
    async with bench_on(migrated_url).running() as restarted:
        await done(restarted, complete(transaction_id, 500))
    assert (await money(bench, source), await money(bench, target)) == ((4500, 0), (500, 0))


async def test_no_time_runs_back_when_a_clock_is_set_back(
    bench: Bench, clock: Clock, migrated_url: str
) -> None:
    account_id = await funded(bench)
    clock.move(-3600)
    await done(bench, debit(account_id, 1))
    clock.move(-3600)
    async with bench_on(migrated_url).running() as restarted:
        await done(restarted, debit(account_id, 2))
        clock.move(3 * 3600)
        await done(restarted, credit(account_id, 3))
    entries = await stored(bench, tables.entries)
    times = [row["created_at"] for row in entries if row["account_id"] == account_id]
    assert len(times) == 4
    assert all(earlier <= later for earlier, later in pairwise(times))
    assert times[0] == times[2] < times[3]
    numbered = sorted(await stored(bench, tables.transactions), key=lambda row: row["number"])
    moments = [row["created_at"] for row in numbered]
    assert moments == sorted(moments)


async def test_who_asked_for_a_pending_transaction_may_cancel_it_and_nobody_else(
    bench: Bench,
) -> None:
    transaction_id, source, _target = await pending(bench)
    stranger = CancelTransaction(transaction_id=transaction_id, owner_id=new_id())
    await refused(bench, stranger, "transaction-not-found")
    view = await done(bench, CancelTransaction(transaction_id=transaction_id, owner_id=OWNER))
    assert view["status"] == "cancelled"
    assert await money(bench, source) == (5000, 0)


async def test_a_person_does_not_cancel_what_staff_have_made_pending(bench: Bench) -> None:
    source, target = await funded(bench), await opened(bench)
    command = transfer(source, target, 2000, is_pending=True)
    await done(bench, command)
    own = CancelTransaction(transaction_id=command.transaction_id, owner_id=OWNER)
    await refused(bench, own, "transaction-not-found")


@pytest.mark.parametrize("is_pending", [False, True])
async def test_a_person_transfers_to_customers_and_not_to_the_house(
    bench: Bench, is_pending: bool
) -> None:
    source = await funded(bench)
    house = house_id("main", "funding", "EUR")
    command = transfer(source, house, 100, owner_id=OWNER, is_pending=is_pending)
    await refused(bench, command, "not-a-customers-account")
    await done(bench, transfer(source, house, 100))
