from typing import Any
from uuid import UUID, uuid4

import pytest
from services.ledger.tests.integration.conftest import Bench
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from contracts.contract import Command
from contracts.gateway import Outcome
from contracts.ids import new_id
from contracts.ledger import (
    AccountOpened,
    CaptureHold,
    HoldCaptured,
    HoldPlaced,
    OpenAccount,
    PlaceHold,
    PostTransaction,
    TransactionPosted,
    VoidHold,
)
from contracts.money import MAX_MINOR_UNITS
from ledger.adapters.sql_reads import SqlLedgerReads
from ledger.adapters.tables import accounts
from testkit.records import record_of
from testkit.workbench import outcomes_of

OWNER = uuid4()


async def opened(bench: Bench, *, owner_id: UUID = OWNER, currency: str = "EUR") -> UUID:
    account_id = new_id()
    command = OpenAccount(account_id=account_id, owner_id=owner_id, currency=currency)
    assert (await bench.handle(command)).state == "succeeded"
    return account_id


def credit(account_id: UUID, amount: int, **values: Any) -> PostTransaction:
    return post("credit", account_id, amount, **values)


def post(kind: Any, account_id: UUID, amount: int, **values: Any) -> PostTransaction:
    known: dict[str, Any] = {"transaction_id": new_id(), "currency": "EUR"}
    return PostTransaction(kind=kind, account_id=account_id, amount=amount, **known | values)


def hold(account_id: UUID, amount: int, **values: Any) -> PlaceHold:
    known: dict[str, Any] = {"hold_id": new_id(), "currency": "EUR"}
    return PlaceHold(account_id=account_id, amount=amount, **known | values)


def capture(hold_id: UUID, **values: Any) -> CaptureHold:
    return CaptureHold(hold_id=hold_id, transaction_id=new_id(), **values)


async def done(bench: Bench, command: Command) -> dict[str, Any]:
    outcome = await bench.handle(command)
    assert outcome.state == "succeeded", outcome.problem
    assert outcome.result is not None
    return outcome.result


async def funded(bench: Bench, amount: int = 5000) -> UUID:
    account_id = await opened(bench)
    await done(bench, credit(account_id, amount))
    return account_id


async def money(bench: Bench, account_id: UUID) -> tuple[str, str, str]:
    """Balance, held, available."""
    view = await SqlLedgerReads(bench.delivery.db).account(account_id, None)
    return view.balance, view.held, view.available


def refused(outcome: Outcome, slug: str) -> dict[str, Any]:
    assert outcome.state == "refused"
    assert outcome.problem is not None
    assert outcome.problem.type == f"/problems/{slug}"
    return outcome.problem.model_dump(mode="json")


async def books_balance(bench: Bench) -> bool:
    return (await SqlLedgerReads(bench.delivery.db).trial_balance()).balanced


async def test_an_account_is_opened_empty(bench: Bench) -> None:
    account_id = new_id()
    command = OpenAccount(account_id=account_id, owner_id=OWNER, currency="JPY", name="savings")
    view = await done(bench, command)
    assert (view["id"], view["owner_id"]) == (str(account_id), str(OWNER))
    assert (view["balance"], view["available"], view["name"]) == ("0", "0", "savings")
    [message] = await bench.sent("AccountOpened")
    assert AccountOpened.model_validate_json(message.value).account_id == account_id


async def test_an_id_is_taken_once(bench: Bench) -> None:
    account_id = await opened(bench)
    again = OpenAccount(account_id=account_id, owner_id=uuid4(), currency="USD")
    refused(await bench.handle(again), "already-exists")


async def test_a_credit_comes_from_outside_and_a_debit_goes_there(bench: Bench) -> None:
    account_id = await opened(bench)
    await done(bench, credit(account_id, 5000))
    view = await done(bench, post("debit", account_id, 1250, description="cash"))
    assert (view["amount"], view["type"], view["description"]) == ("12.50", "debit", "cash")
    assert await money(bench, account_id) == ("37.50", "0.00", "37.50")
    assert await books_balance(bench)


async def test_a_transfer_announces_both_its_entries(bench: Bench) -> None:
    source, target = await funded(bench), await opened(bench)
    command = post("transfer", source, 1000, to_account_id=target, owner_id=OWNER)
    await done(bench, command)
    event = TransactionPosted.model_validate_json((await bench.sent("TransactionPosted"))[-1].value)
    assert [(e.account_id, e.amount, e.balance) for e in event.entries] == [
        (source, -1000, 4000),
        (target, 1000, 1000),
    ]
    assert event.transaction_id == command.transaction_id
    assert await books_balance(bench)


async def test_nobody_spends_more_than_is_available(bench: Bench) -> None:
    account_id = await funded(bench, 1000)
    await done(bench, hold(account_id, 400))
    problem = refused(await bench.handle(post("debit", account_id, 601)), "insufficient-funds")
    assert (problem["requested"], problem["available"]) == ("6.01", "6.00")
    assert await money(bench, account_id) == ("10.00", "4.00", "6.00")


async def test_somebody_elses_account_is_as_if_it_were_not_there(bench: Bench) -> None:
    theirs, mine = await funded(bench), await opened(bench)
    stranger = uuid4()
    for command in (
        post("transfer", theirs, 1, to_account_id=mine, owner_id=stranger),
        hold(theirs, 1, owner_id=stranger),
        credit(uuid4(), 1),
    ):
        refused(await bench.handle(command), "account-not-found")


async def test_currencies_are_not_mixed(bench: Bench) -> None:
    euros, dollars = await funded(bench), await opened(bench, currency="USD")
    for command in (
        credit(euros, 1, currency="USD"),
        post("transfer", euros, 1, to_account_id=dollars),
        hold(euros, 1, currency="USD"),
    ):
        refused(await bench.handle(command), "currency-mismatch")
    assert await money(bench, euros) == ("50.00", "0.00", "50.00")


async def test_a_transfer_to_oneself_is_refused(bench: Bench) -> None:
    account_id = await funded(bench)
    command = post("transfer", account_id, 1, to_account_id=account_id)
    refused(await bench.handle(command), "self-transfer")


async def test_a_balance_stays_below_what_json_holds(bench: Bench) -> None:
    account_id = await funded(bench, MAX_MINOR_UNITS)
    refused(await bench.handle(credit(account_id, 1)), "balance-too-large")
    assert await books_balance(bench)


async def test_a_hold_is_captured_in_part_and_the_rest_is_available_again(bench: Bench) -> None:
    account_id = await funded(bench)
    placing = hold(account_id, 2000)
    view = await done(bench, placing)
    assert (view["status"], view["amount"], view["captured"]) == ("held", "20.00", "0.00")
    assert await money(bench, account_id) == ("50.00", "20.00", "30.00")
    transaction = await done(bench, capture(placing.hold_id, amount=1500))
    assert transaction["amount"] == "15.00"
    assert await money(bench, account_id) == ("35.00", "0.00", "35.00")
    [placed], [captured] = await bench.sent("HoldPlaced"), await bench.sent("HoldCaptured")
    assert HoldPlaced.model_validate_json(placed.value).amount == 2000
    assert HoldCaptured.model_validate_json(captured.value).captured == 1500
    assert (placed.headers["ce_sequence"], captured.headers["ce_sequence"]) == ("1", "2")
    assert await books_balance(bench)


async def test_a_hold_is_voided_whole_and_ends_once(bench: Bench) -> None:
    account_id = await funded(bench)
    placing = hold(account_id, 2000)
    await done(bench, placing)
    assert (await done(bench, VoidHold(hold_id=placing.hold_id)))["status"] == "voided"
    assert await money(bench, account_id) == ("50.00", "0.00", "50.00")
    for command in (VoidHold(hold_id=placing.hold_id), capture(placing.hold_id)):
        problem = refused(await bench.handle(command), "hold-not-open")
        assert problem["hold_status"] == "voided"


async def test_more_than_is_held_is_not_captured(bench: Bench) -> None:
    account_id = await funded(bench)
    placing = hold(account_id, 2000)
    await done(bench, placing)
    refused(await bench.handle(capture(placing.hold_id, amount=2001)), "capture-beyond-hold")
    assert await money(bench, account_id) == ("50.00", "20.00", "30.00")


async def test_a_hold_that_is_not_there_is_neither_captured_nor_voided(bench: Bench) -> None:
    refused(await bench.handle(capture(uuid4())), "hold-not-found")
    refused(await bench.handle(VoidHold(hold_id=uuid4())), "hold-not-found")


async def test_a_command_that_comes_twice_moves_money_once(bench: Bench) -> None:
    account_id = await opened(bench)
    record = record_of(credit(account_id, 1000))
    await bench.consume(record, record)
    await bench.consume(record)
    assert await money(bench, account_id) == ("10.00", "0.00", "10.00")
    assert len(await bench.sent("TransactionPosted")) == 1
    outcomes = {m.value for m in await bench.sent("Outcome") if '"PostTransaction"' in m.value}
    assert len(outcomes) == 1


async def test_a_batch_is_applied_in_order_and_a_refusal_in_it_spoils_nothing(bench: Bench) -> None:
    account_id = await opened(bench)
    commands = [
        credit(account_id, 1000),
        post("debit", account_id, 700),
        post("debit", account_id, 700),
        post("debit", account_id, 300),
    ]
    records = [record_of(command) for command in commands]
    outcomes = outcomes_of(await bench.consume(*records)).values()
    assert [outcome.state for outcome in outcomes] == [
        "succeeded",
        "succeeded",
        "refused",
        "succeeded",
    ]
    assert await money(bench, account_id) == ("0.00", "0.00", "0.00")
    assert await books_balance(bench)


async def test_the_accounts_of_the_house_are_opened_once_for_each_currency(bench: Bench) -> None:
    for currency in ("EUR", "USD", "EUR"):
        account_id = await opened(bench, currency=currency)
        await done(bench, credit(account_id, 1, currency=currency))
    page = await SqlLedgerReads(bench.delivery.db).accounts(None, limit=100, after=None)
    house = sorted(view.currency for view in page.items if view.kind == "funding")
    assert house == ["EUR", "USD"]


@pytest.mark.parametrize("broken", [{"held": -1}, {"posted": 5, "held": 6}])
async def test_the_store_itself_refuses_an_account_that_breaks_the_rule(
    bench: Bench, broken: dict[str, int]
) -> None:
    account_id = await opened(bench)
    view = await SqlLedgerReads(bench.delivery.db).account(account_id, None)
    row = {
        "id": new_id(),
        "owner_id": OWNER,
        "kind": "customer",
        "currency": "EUR",
        "name": "",
        "posted": 0,
        "held": 0,
        "version": 1,
        "is_closed": False,
        "created_at": view.created_at,
    }
    async with bench.delivery.db.write() as connection:
        with pytest.raises(IntegrityError):
            await connection.execute(insert(accounts).values(row | broken))
