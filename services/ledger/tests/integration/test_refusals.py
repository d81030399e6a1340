"""What is refused has the figures, and nothing changes."""

from typing import Any
from uuid import uuid4

import pytest
from services.ledger.tests.integration.commanding import (
    OWNER,
    capture,
    credit,
    debit,
    done,
    funded,
    held,
    hold,
    opened,
    opening,
    post,
    refused,
    transfer,
)
from services.ledger.tests.integration.conftest import Bench

from contracts.ids import new_id
from contracts.ledger import (
    CancelTransaction,
    ChangeAccount,
    CloseAccount,
    CompleteTransaction,
    ExpireHold,
    Posting,
    PostJournal,
    RefundTransaction,
    ReverseTransaction,
    VoidHold,
)
from contracts.money import MAX_MINOR_UNITS
from ledger.application.house import house_id

FUNDING = house_id("main", "funding", "EUR")


def figures(requested: str, available: str, currency: str = "EUR") -> dict[str, Any]:
    return {"requested": requested, "available": available, "currency": currency}


async def test_nobody_spends_more_than_is_available(bench: Bench) -> None:
    source, target = await funded(bench, 1000), await opened(bench)
    await held(bench, source, 400)
    for command in (
        debit(source, 601),
        debit(source, 601, is_pending=True),
        transfer(source, target, 601, owner_id=OWNER),
        hold(source, 601),
    ):
        await refused(bench, command, "insufficient-funds", **figures("6.01", "6.00"))


async def test_figures_have_the_decimals_of_their_currency(bench: Bench) -> None:
    account_id = await funded(bench, 1000, currency="JPY")
    command = debit(account_id, 1001, currency="JPY")
    await refused(bench, command, "insufficient-funds", **figures("1001", "1000", "JPY"))


async def test_a_minimum_above_what_is_free_is_refused(bench: Bench) -> None:
    account_id = await funded(bench, 1000)
    change = ChangeAccount(account_id=account_id, minimum=1001, currency="EUR")
    await refused(bench, change, "insufficient-funds", **figures("10.01", "10.00"))
    new = opening(minimum=1)
    await refused(bench, new, "insufficient-funds", **figures("0.01", "0.00"))


async def test_an_id_is_taken_once(bench: Bench) -> None:
    source, target = await funded(bench), await opened(bench)
    hold_id = await held(bench, source)
    moved = transfer(source, target, 1)
    await done(bench, moved)
    taken = moved.transaction_id
    posting = Posting(source_id=source, target_id=target, amount=1, currency="EUR")
    for command in (
        opening(account_id=source, owner_id=uuid4(), currency="USD"),
        hold(source, 1, hold_id=hold_id),
        PostJournal(transaction_id=taken, postings=[posting]),
        capture(hold_id, transaction_id=taken),
        RefundTransaction(transaction_id=taken, refunded_id=taken),
        debit(source, 1, transaction_id=hold_id, is_pending=True),
    ):
        await refused(bench, command, "already-exists")


async def test_somebody_elses_account_is_as_if_it_were_not_there(bench: Bench) -> None:
    theirs, mine, stranger = await funded(bench), await opened(bench), uuid4()
    for command in (
        transfer(theirs, mine, 1, owner_id=stranger),
        transfer(theirs, mine, 1, owner_id=stranger, is_pending=True),
        hold(theirs, 1, owner_id=stranger),
        ChangeAccount(account_id=theirs, owner_id=stranger, name="mine"),
        CloseAccount(account_id=theirs, owner_id=stranger),
        transfer(FUNDING, mine, 1, owner_id=stranger),
    ):
        await refused(bench, command, "account-not-found")


async def test_what_is_not_there_is_not_found(bench: Bench) -> None:
    mine, nobody = await funded(bench), uuid4()
    for slug, commands in {
        "account-not-found": [
            credit(nobody, 1),
            transfer(mine, nobody, 1),
            hold(nobody, 1),
            ChangeAccount(account_id=nobody, name="x"),
            CloseAccount(account_id=nobody),
        ],
        "hold-not-found": [
            capture(nobody),
            VoidHold(hold_id=nobody),
            ExpireHold(hold_id=nobody),
        ],
        "transaction-not-found": [
            CompleteTransaction(transaction_id=nobody),
            CancelTransaction(transaction_id=nobody),
            RefundTransaction(transaction_id=new_id(), refunded_id=nobody),
            ReverseTransaction(transaction_id=new_id(), reversed_id=nobody),
        ],
    }.items():
        for command in commands:
            await refused(bench, command, slug)


async def test_currencies_are_not_mixed(bench: Bench) -> None:
    euros, dollars = await funded(bench), await opened(bench, currency="USD")
    hold_id, paid = await held(bench, euros), debit(euros, 10)
    pending = debit(euros, 10, is_pending=True)
    await done(bench, paid)
    await done(bench, pending)
    dollar: dict[str, Any] = {"amount": 1, "currency": "USD"}
    asked = {"currency": "EUR", "requested_currency": "USD"}
    for command in (
        credit(euros, 1, currency="USD"),
        transfer(euros, dollars, 1, currency="USD"),
        hold(euros, 1, currency="USD"),
        capture(hold_id, **dollar),
        ChangeAccount(account_id=euros, minimum=1, currency="USD"),
        CompleteTransaction(transaction_id=pending.transaction_id, **dollar),
        RefundTransaction(transaction_id=new_id(), refunded_id=paid.transaction_id, **dollar),
    ):
        await refused(bench, command, "currency-mismatch", **asked)
    other = {"currency": "USD", "requested_currency": "EUR"}
    await refused(bench, transfer(euros, dollars, 1), "currency-mismatch", **other)


@pytest.mark.parametrize("is_pending", [False, True])
async def test_a_transfer_to_oneself_is_refused(bench: Bench, is_pending: bool) -> None:
    account_id = await funded(bench)
    command = transfer(account_id, account_id, 1, is_pending=is_pending)
    await refused(bench, command, "self-transfer", account_id=str(account_id))


async def test_a_journal_from_an_account_to_itself_is_refused(bench: Bench) -> None:
    account_id = await funded(bench)
    posting = Posting(source_id=account_id, target_id=account_id, amount=1, currency="EUR")
    journal = PostJournal(transaction_id=new_id(), postings=[posting])
    await refused(bench, journal, "self-transfer")


async def test_a_balance_stays_below_what_json_holds(bench: Bench) -> None:
    account_id = await funded(bench, MAX_MINOR_UNITS - 5)
    command = credit(account_id, 6)
    await refused(bench, command, "balance-too-large", **figures("0.06", "0.05"))
    await done(bench, credit(account_id, 5))


async def test_what_is_set_aside_stays_below_what_json_holds(bench: Bench) -> None:
    account_id = await opened(bench)
    await done(bench, credit(account_id, MAX_MINOR_UNITS, is_pending=True))
    command = credit(account_id, 1, is_pending=True)
    await refused(bench, command, "balance-too-large", **figures("0.01", "0.00"))


async def test_a_journal_that_moves_more_than_an_amount_can_be_has_none(bench: Bench) -> None:
    account_id, other = await opened(bench, currency="JPY"), await opened(bench, currency="JPY")
    await done(bench, credit(account_id, MAX_MINOR_UNITS, currency="JPY"))
    there_and_back = [
        Posting(source_id=source, target_id=target, amount=MAX_MINOR_UNITS, currency="JPY")
        for source, target in ((account_id, other), (other, account_id)) * 50
    ]
    view = await done(bench, PostJournal(transaction_id=new_id(), postings=there_and_back))
    assert (view["amount"], len(view["postings"])) == (None, 100)


async def test_money_of_the_house_is_not_set_aside_and_its_accounts_stay(bench: Bench) -> None:
    await funded(bench)
    for command in (
        hold(FUNDING, 1),
        ChangeAccount(account_id=FUNDING, name="ours"),
        CloseAccount(account_id=FUNDING),
    ):
        await refused(bench, command, "not-a-customers-account")


async def test_a_change_for_an_older_version_is_refused(bench: Bench) -> None:
    account_id = await funded(bench)
    change = ChangeAccount(account_id=account_id, name="x", expected_version=1)
    await refused(bench, change, "stale-version", version=2, expected_version=1)


async def test_more_than_is_held_is_not_captured(bench: Bench) -> None:
    account_id = await funded(bench)
    hold_id = await held(bench, account_id)
    command = capture(hold_id, 2001)
    await refused(bench, command, "capture-beyond-hold", **figures("20.01", "20.00"))


@pytest.mark.parametrize("first", ["captured", "voided"])
async def test_a_hold_ends_once(bench: Bench, first: str) -> None:
    hold_id = await held(bench, await funded(bench))
    await done(bench, capture(hold_id) if first == "captured" else VoidHold(hold_id=hold_id))
    for command in (capture(hold_id), VoidHold(hold_id=hold_id), ExpireHold(hold_id=hold_id)):
        await refused(bench, command, "hold-not-open", hold_status=first)


async def test_a_capture_before_its_hold_is_refused_and_a_later_one_succeeds(
    bench: Bench,
) -> None:
    placing = hold(await funded(bench), 2000)
    await refused(bench, capture(placing.hold_id), "hold-not-found")
    await done(bench, placing)
    assert (await done(bench, capture(placing.hold_id)))["amount"] == "20.00"


async def test_a_debit_by_a_person_does_not_reach_the_houses_account(bench: Bench) -> None:
    await funded(bench)
    await refused(bench, post("debit", FUNDING, 1, owner_id=OWNER), "account-not-found")
