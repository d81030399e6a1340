"""What is decided one by one is written at once: nothing about that may stop a whole batch."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from services.ledger.tests.integration.commanding import (
    credit,
    debit,
    done,
    funded,
    hold,
    money,
    opened,
    opening,
    problem_of,
    row_of,
    send,
)
from services.ledger.tests.integration.conftest import Bench
from sqlalchemy import insert

from contracts.contract import Command
from contracts.ids import new_id
from contracts.ledger import ChangeAccount, CloseAccount, Posting, PostJournal
from ledger.adapters import tables
from ledger.domain.chain import FIRST_LINK

OTHER = "other"


def minimum_of(account_id: UUID, minimum: int) -> ChangeAccount:
    return ChangeAccount(account_id=account_id, minimum=minimum, currency="EUR")


@pytest.mark.parametrize(
    ("before", "commands", "balance"),
    [
        ([], lambda one: [minimum_of(one, -900), debit(one, 500)], -500),
        ([], lambda one: [credit(one, 500), minimum_of(one, 400)], 500),
        (
            [lambda one: credit(one, 500), lambda one: minimum_of(one, 400)],
            lambda one: [minimum_of(one, 0), debit(one, 500), CloseAccount(account_id=one)],
            0,
        ),
    ],
    ids=["lowered, then spent", "paid in, then raised", "lowered, spent and closed"],
)
async def test_a_minimum_and_the_money_that_it_allows_go_into_one_batch(
    bench: Bench,
    before: list[Callable[[UUID], Command]],
    commands: Callable[[UUID], list[Command]],
    balance: int,
) -> None:
    account_id = await opened(bench)
    for make in before:
        await done(bench, make(account_id))
    outcomes = await send(bench, *commands(account_id))
    assert {outcome.state for outcome in outcomes} == {"succeeded"}
    assert await money(bench, account_id) == (balance, 0)


async def test_a_name_of_any_length_is_no_reason_to_stop(bench: Bench) -> None:
    long = opening(name="x" * 101)
    renamed = ChangeAccount(account_id=long.account_id, name="y" * 5000)
    outcomes = await send(bench, long, renamed)
    assert [outcome.state for outcome in outcomes] == ["succeeded"] * 2
    assert (await row_of(bench, tables.accounts, long.account_id))["name"] == renamed.name


async def test_an_id_is_taken_once_by_two_books_of_one_batch(bench: Bench) -> None:
    async with bench.delivery.db.write() as connection:
        head = {"epoch": 0, "transactions": 0, "postings": 0, "link": FIRST_LINK}
        await connection.execute(
            insert(tables.books).values(name=OTHER, number=1, last_at=datetime.now(UTC), **head)
        )
    mine, other = await funded(bench), await opened(bench, book=OTHER)
    await done(bench, credit(other, 5000, book=OTHER))
    target, opened_twice, hold_id, moved = await opened(bench), new_id(), new_id(), new_id()
    posting = Posting(source_id=mine, target_id=target, amount=10, currency="EUR")
    outcomes = await send(
        bench,
        opening(account_id=opened_twice),
        opening(account_id=opened_twice, book=OTHER),
        hold(mine, 10, hold_id=hold_id),
        hold(other, 10, hold_id=hold_id, book=OTHER),
        PostJournal(transaction_id=moved, postings=[posting]),
        debit(other, 10, transaction_id=moved, book=OTHER),
    )
    assert [outcome.state for outcome in outcomes[::2]] == ["succeeded"] * 3
    for outcome in outcomes[1::2]:
        problem_of(outcome, "already-exists")
    assert await money(bench, other) == (5000, 0)
