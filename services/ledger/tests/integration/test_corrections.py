"""What was moved is given back once, and never more of it."""

from uuid import UUID

import pytest
from services.ledger.tests.integration.commanding import (
    capture,
    credit,
    debit,
    done,
    funded,
    held,
    is_balanced,
    money,
    opened,
    problem_of,
    refused,
    row_of,
    send,
    transfer,
)
from services.ledger.tests.integration.conftest import Bench

from contracts.ids import new_id
from contracts.ledger import Posting, PostJournal, RefundTransaction, ReverseTransaction
from ledger.adapters import tables


def refund(refunded_id: UUID, amount: int | None = None) -> RefundTransaction:
    return RefundTransaction(
        transaction_id=new_id(),
        refunded_id=refunded_id,
        amount=amount,
        currency=None if amount is None else "EUR",
    )


def reversal(reversed_id: UUID) -> ReverseTransaction:
    return ReverseTransaction(transaction_id=new_id(), reversed_id=reversed_id)


async def paid(bench: Bench, amount: int = 3000) -> tuple[UUID, UUID, UUID]:
    """A transfer, and who has paid whom."""
    source, target = await funded(bench), await opened(bench)
    command = transfer(source, target, amount)
    await done(bench, command)
    return command.transaction_id, source, target


async def test_a_refund_gives_back_part_and_then_the_rest(bench: Bench) -> None:
    payment, source, target = await paid(bench)
    view = await done(bench, refund(payment, 1000))
    assert (view["type"], view["amount"], view["corrects"]) == ("refund", "10.00", str(payment))
    assert (await done(bench, refund(payment)))["amount"] == "20.00"
    assert (await money(bench, source), await money(bench, target)) == ((5000, 0), (0, 0))
    assert (await row_of(bench, tables.transactions, payment))["refunded"] == 3000
    assert await is_balanced(bench)


async def test_no_more_is_refunded_than_was_moved(bench: Bench) -> None:
    payment, _, target = await paid(bench)
    await done(bench, credit(target, 10_000))
    figures = {"requested": "30.01", "available": "30.00", "currency": "EUR"}
    await refused(bench, refund(payment, 3001), "refund-beyond-transaction", **figures)
    await done(bench, refund(payment, 1000))
    figures = {"requested": "20.01", "available": "20.00", "currency": "EUR"}
    await refused(bench, refund(payment, 2001), "refund-beyond-transaction", **figures)


async def test_what_was_refunded_whole_is_not_refunded_twice(bench: Bench) -> None:
    payment, _, target = await paid(bench)
    await done(bench, credit(target, 10_000))
    await done(bench, refund(payment))
    figures = {"available": "0.00", "currency": "EUR"}
    for command, requested in ((refund(payment), "30.00"), (refund(payment, 1), "0.01")):
        await refused(bench, command, "refund-beyond-transaction", requested=requested, **figures)


async def test_two_refunds_in_one_batch_share_what_was_moved(bench: Bench) -> None:
    payment, _, target = await paid(bench)
    await done(bench, credit(target, 10_000))
    first, second = await send(bench, refund(payment, 2000), refund(payment, 2000))
    assert first.state == "succeeded"
    assert problem_of(second, "refund-beyond-transaction")["available"] == "10.00"


async def test_no_more_is_refunded_than_was_captured(bench: Bench) -> None:
    account_id = await funded(bench)
    captured = await done(bench, capture(await held(bench, account_id, 2000), 1500))
    payment = UUID(captured["id"])
    figures = {"requested": "15.01", "available": "15.00", "currency": "EUR"}
    await refused(bench, refund(payment, 1501), "refund-beyond-transaction", **figures)
    await done(bench, refund(payment))
    assert await money(bench, account_id) == (5000, 0)


async def test_a_refund_needs_the_money_where_it_went(bench: Bench) -> None:
    payment, _, target = await paid(bench)
    await done(bench, debit(target, 2000))
    figures = {"requested": "30.00", "available": "10.00", "currency": "EUR"}
    await refused(bench, refund(payment), "insufficient-funds", **figures)
    await done(bench, refund(payment, 1000))


async def test_a_reversal_moves_everything_back(bench: Bench) -> None:
    source, target = await funded(bench), await opened(bench)
    legs = [(source, target, 300), (target, source, 100)]
    journal = PostJournal(
        transaction_id=new_id(),
        postings=[
            Posting(source_id=one, target_id=other, amount=amount, currency="EUR")
            for one, other, amount in legs
        ],
    )
    await done(bench, journal)
    view = await done(bench, reversal(journal.transaction_id))
    assert (view["type"], view["corrects"]) == ("reversal", str(journal.transaction_id))
    assert (await money(bench, source), await money(bench, target)) == ((5000, 0), (0, 0))
    row = await row_of(bench, tables.transactions, journal.transaction_id)
    assert (row["is_reversed"], row["status"]) == (True, "completed")
    assert await is_balanced(bench)


@pytest.mark.parametrize("again", ["reversal", "refund"])
async def test_what_was_reversed_is_taken_back_no_second_time(bench: Bench, again: str) -> None:
    payment, _, target = await paid(bench)
    await done(bench, credit(target, 10_000))
    await done(bench, reversal(payment))
    command = reversal(payment) if again == "reversal" else refund(payment)
    await refused(bench, command, "transaction-not-correctable", reason="it was reversed")


async def test_what_was_refunded_is_not_reversed(bench: Bench) -> None:
    payment, _, target = await paid(bench)
    await done(bench, credit(target, 10_000))
    await done(bench, refund(payment, 1))
    await refused(
        bench, reversal(payment), "transaction-not-correctable", reason="part of it was refunded"
    )


async def test_a_correction_is_not_corrected(bench: Bench) -> None:
    payment, _, _ = await paid(bench)
    refunding = refund(payment)
    await done(bench, refunding)
    for command in (reversal(refunding.transaction_id), refund(refunding.transaction_id)):
        await refused(bench, command, "transaction-not-correctable")


async def test_what_was_not_paid_is_not_taken_back(bench: Bench) -> None:
    account_id = await funded(bench, 1000)
    failed, pending = debit(account_id, 1001), debit(account_id, 10, is_pending=True)
    await send(bench, failed, pending)
    for command, status in ((failed, "failed"), (pending, "pending")):
        for correct in (refund, reversal):
            await refused(
                bench,
                correct(command.transaction_id),
                "transaction-not-correctable",
                reason=f"it is {status}",
            )
