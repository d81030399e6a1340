"""A command that comes again does nothing again, and is answered as it was."""

from typing import Any

import pytest
from services.ledger.tests.integration.commanding import (
    answers,
    capture,
    credit,
    debit,
    done,
    funded,
    held,
    hold,
    is_balanced,
    money,
    nothing_changes,
    opened,
    opening,
    problem_of,
    send,
    sent,
    stored,
    transfer,
)
from services.ledger.tests.integration.conftest import Bench, bench_on

from contracts.ids import new_id
from contracts.ledger import (
    CancelTransaction,
    ChangeAccount,
    CloseAccount,
    CompleteTransaction,
    Posting,
    PostJournal,
    RefundTransaction,
    ReverseTransaction,
    VoidHold,
)
from ledger.adapters import tables


async def everything(bench: Bench) -> list[Any]:
    """One command of each kind, in an order in which all succeed."""
    account_id, other = await funded(bench), await opened(bench)
    empty = await opened(bench)
    hold_id, other_hold = await held(bench, account_id, 100), await held(bench, account_id, 100)
    pending, given_up = (debit(account_id, 100, is_pending=True) for _ in range(2))
    paid, undone = debit(account_id, 100), debit(account_id, 100)
    await send(bench, pending, given_up, paid, undone)
    posting = Posting(source_id=account_id, target_id=other, amount=5, currency="EUR")
    return [
        opening(),
        ChangeAccount(account_id=other, name="other"),
        CloseAccount(account_id=empty),
        transfer(account_id, other, 10),
        PostJournal(transaction_id=new_id(), postings=[posting]),
        CompleteTransaction(transaction_id=pending.transaction_id),
        CancelTransaction(transaction_id=given_up.transaction_id),
        RefundTransaction(transaction_id=new_id(), refunded_id=paid.transaction_id),
        ReverseTransaction(transaction_id=new_id(), reversed_id=undone.transaction_id),
        hold(account_id, 10),
        capture(hold_id),
        VoidHold(hold_id=other_hold),
    ]


async def test_every_command_that_comes_again_is_answered_as_it_was(bench: Bench) -> None:
    records = [sent(command) for command in await everything(bench)]
    first = await answers(bench, *records)
    assert {outcome.state for outcome in first} == {"succeeded"}
    async with nothing_changes(bench):
        assert await answers(bench, *records) == first
        assert [outcome for one in records for outcome in await answers(bench, one)] == first
    assert await is_balanced(bench)


async def test_a_duplicate_inside_one_batch_moves_money_once(bench: Bench) -> None:
    account_id = await opened(bench)
    record, other = sent(credit(account_id, 1000)), sent(hold(account_id, 400))
    outcomes = await bench.consume(record, record, other, record, other)
    assert await money(bench, account_id) == (1000, 400)
    assert len(await bench.sent("TransactionPosted")) == 1
    assert len(await bench.sent("HoldPlaced")) == 1
    answered = [message.value for message in outcomes if message.headers["ce_type"] == "Outcome"]
    assert (len(answered), len(set(answered))) == (5, 2)


async def test_the_same_id_with_another_body_is_refused(bench: Bench) -> None:
    account_id = await funded(bench)
    first = debit(account_id, 10)
    id_ = first.transaction_id
    await done(bench, first)
    for command in (
        debit(account_id, 11, transaction_id=id_),
        debit(account_id, 10, transaction_id=id_, description="again"),
        debit(account_id, 10),
        credit(account_id, 10),
        hold(account_id, 10),
        opening(),
    ):
        async with nothing_changes(bench):
            [outcome] = await answers(bench, sent(command, id=id_))
        problem_of(outcome, "command-id-reused")
    again = await answers(bench, sent(first))
    assert [outcome.state for outcome in again] == ["succeeded"]


async def test_the_same_id_with_another_body_in_one_batch_is_refused(bench: Bench) -> None:
    account_id = await funded(bench)
    first = debit(account_id, 10)
    second, third = debit(account_id, 11), hold(account_id, 12)
    id_ = first.transaction_id
    await bench.consume(sent(first), sent(second, id=id_), sent(third, id=id_))
    outcomes = [message.value for message in await bench.sent("Outcome")][-3:]
    assert ["command-id-reused" in value for value in outcomes] == [False, True, True]
    assert await money(bench, account_id) == (4990, 0)


async def test_the_id_of_another_kind_of_command_is_not_a_transactions(bench: Bench) -> None:
    account_id, id_ = await funded(bench), new_id()
    await answers(bench, sent(hold(account_id, 10), id=id_))
    async with nothing_changes(bench):
        [outcome] = await answers(bench, sent(debit(account_id, 5, transaction_id=id_)))
    problem_of(outcome, "command-id-reused")


@pytest.mark.parametrize("is_own_inbox", [True, False])
async def test_a_refused_command_stays_refused_when_money_has_come_since(
    bench: Bench, migrated_url: str, is_own_inbox: bool
) -> None:
    account_id = await opened(bench)
    record = sent(debit(account_id, 100), id=None if is_own_inbox else new_id())
    [first] = await answers(bench, record)
    assert problem_of(first, "insufficient-funds")["available"] == "0.00"
    await done(bench, credit(account_id, 1000))
    async with nothing_changes(bench):
        assert await answers(bench, record) == [first]
    async with bench_on(migrated_url).running() as restarted:
        assert await answers(restarted, record) == [first]
        assert (await send(restarted, debit(account_id, 100)))[0].state == "succeeded"


async def test_a_batch_that_was_committed_and_comes_again_after_a_crash_changes_nothing(
    bench: Bench, migrated_url: str
) -> None:
    source, target = await funded(bench), await opened(bench)
    batch = [sent(transfer(source, target, n)) for n in range(1, 9)]
    batch += [sent(debit(source, 10_000)), sent(hold(source, 30)), sent(opening())]
    first = await answers(bench, *batch)
    async with bench_on(migrated_url).running() as restarted, nothing_changes(restarted):
        assert await answers(restarted, *batch) == first
        assert await answers(restarted, *reversed(batch)) == list(reversed(first))
    assert await money(bench, source) == (5000 - 36, 30)


async def test_a_transaction_sent_with_its_own_id_has_no_other_inbox_entry(bench: Bench) -> None:
    account_id = await opened(bench)
    before = len(await stored(bench, tables.delivery.inbox))
    await send(bench, credit(account_id, 1), debit(account_id, 2))
    assert len(await stored(bench, tables.delivery.inbox)) == before
    await answers(bench, sent(credit(account_id, 1), id=new_id()))
    assert len(await stored(bench, tables.delivery.inbox)) == before + 1
    rows = await stored(bench, tables.transactions)
    assert [row["fingerprint"] is None for row in rows] == [False, False, True]
