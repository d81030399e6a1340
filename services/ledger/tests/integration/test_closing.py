"""A closed account takes part in nothing new; what was under way may still settle."""

from uuid import UUID

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
    is_balanced,
    money,
    opened,
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
    Posting,
    PostJournal,
    RefundTransaction,
    ReverseTransaction,
    VoidHold,
)


async def closed(bench: Bench, amount: int, **values: int) -> tuple[UUID, UUID]:
    """A closed account on which so much is held, and the hold."""
    account_id = await funded(bench, amount, **values)
    hold_id = await held(bench, account_id, amount)
    await done(bench, CloseAccount(account_id=account_id))
    return account_id, hold_id


@pytest.mark.parametrize("amount", [3000, -1])
async def test_an_account_with_money_or_debts_is_not_closed(bench: Bench, amount: int) -> None:
    account_id = await opened(bench, minimum=-5000)
    await done(bench, debit(account_id, -amount) if amount < 0 else credit(account_id, amount))
    figures = {"balance": f"{amount / 100:.2f}", "held": "0.00", "currency": "EUR"}
    await refused(bench, CloseAccount(account_id=account_id), "account-not-empty", **figures)


async def test_a_closed_account_takes_part_in_nothing_new(bench: Bench) -> None:
    account_id, _ = await closed(bench, 2000)
    other = await funded(bench)
    posting = Posting(source_id=other, target_id=account_id, amount=1, currency="EUR")
    for command in (
        credit(account_id, 1),
        credit(account_id, 1, is_pending=True),
        transfer(other, account_id, 1),
        transfer(other, account_id, 1, is_pending=True),
        transfer(account_id, other, 1, owner_id=OWNER),
        debit(account_id, 1, is_pending=True),
        debit(account_id, 1, owner_id=OWNER),
        hold(account_id, 1),
        PostJournal(transaction_id=new_id(), postings=[posting]),
        ChangeAccount(account_id=account_id, name="mine"),
        CloseAccount(account_id=account_id),
    ):
        await refused(bench, command, "account-closed", account_id=str(account_id))


async def test_what_is_held_on_a_closed_account_may_be_captured(bench: Bench) -> None:
    account_id, hold_id = await closed(bench, 2000)
    await done(bench, capture(hold_id, 1500))
    assert await money(bench, account_id) == (500, 0)


async def test_what_is_left_on_a_closed_account_is_paid_out_and_no_more(bench: Bench) -> None:
    account_id, hold_id = await closed(bench, 2000, minimum=-5000)
    await done(bench, VoidHold(hold_id=hold_id))
    figures = {"requested": "20.01", "available": "20.00", "currency": "EUR"}
    await refused(bench, debit(account_id, 2001), "insufficient-funds", **figures)
    await done(bench, debit(account_id, 2000))
    assert await money(bench, account_id) == (0, 0)
    figures = {"requested": "0.01", "available": "0.00", "currency": "EUR"}
    await refused(bench, debit(account_id, 1), "insufficient-funds", **figures)
    assert await is_balanced(bench)


async def test_a_pending_payment_from_a_closed_account_may_be_completed(bench: Bench) -> None:
    source, target = await funded(bench, 2000), await opened(bench)
    pending = transfer(source, target, 2000, is_pending=True)
    await done(bench, pending)
    await done(bench, CloseAccount(account_id=source))
    await done(bench, CompleteTransaction(transaction_id=pending.transaction_id))
    assert (await money(bench, source), await money(bench, target)) == ((0, 0), (2000, 0))


async def test_a_pending_payment_to_a_closed_account_can_only_be_cancelled(bench: Bench) -> None:
    source, target = await funded(bench, 2000), await opened(bench)
    pending = transfer(source, target, 2000, is_pending=True)
    await done(bench, pending)
    await done(bench, CloseAccount(account_id=target))
    complete = CompleteTransaction(transaction_id=pending.transaction_id)
    await refused(bench, complete, "account-closed", account_id=str(target))
    await done(bench, CancelTransaction(transaction_id=pending.transaction_id))
    assert await money(bench, source) == (2000, 0)


async def test_nothing_is_given_back_to_or_taken_from_a_closed_account(bench: Bench) -> None:
    source, target = await funded(bench, 2000), await opened(bench)
    paid = transfer(source, target, 2000)
    await done(bench, paid)
    await done(bench, CloseAccount(account_id=source))
    for command in (
        RefundTransaction(transaction_id=new_id(), refunded_id=paid.transaction_id),
        ReverseTransaction(transaction_id=new_id(), reversed_id=paid.transaction_id),
    ):
        await refused(bench, command, "account-closed", account_id=str(source))
