from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from services.ledger.tests.integration.acting import (
    Client,
    Headers,
    credit,
    done,
    funded,
    items,
    opened,
    page,
    post,
    slug_of,
    transfer,
    tried,
)
from services.ledger.tests.integration.business import Life
from services.ledger.tests.integration.conftest import FRIEND, OWNER, Bench
from sqlalchemy import select

from contracts.ids import new_id
from contracts.ledger import (
    CancelTransaction,
    CompleteTransaction,
    Posting,
    PostJournal,
)
from ledger.adapters.tables import accounts, entries, transactions
from ledger.domain.reference import reference_of

PATH = "/transactions"


def ids_of(listed: Sequence[dict[str, Any]]) -> list[str]:
    return [view["id"] for view in listed]


async def test_both_sides_of_a_transfer_see_it_as_it_was_answered(
    ledger: Client, bench: Bench, owner: Headers, friend: Headers
) -> None:
    source, target = await funded(bench), await opened(bench, owner_id=FRIEND)
    command = transfer(source, target, 100, metadata={"order": "7"}, description="for tea")
    result = await done(bench, command)
    assert result["metadata"] == {"order": "7"}
    for who in (owner, friend):
        response = await ledger.get(f"{PATH}/{command.transaction_id}", headers=who)
        assert response.json() == result
        assert result in await items(ledger, PATH, who)


async def test_a_transaction_is_found_by_its_reference_in_whatever_case(
    ledger: Client, bench: Bench, owner: Headers, stranger: Headers, staff: Headers
) -> None:
    account_id = await opened(bench)
    results = [await done(bench, credit(account_id, amount)) for amount in (1, 2, 3)]
    reference = results[1]["reference_id"]
    for who in (owner, staff):
        for text in (reference, reference.lower()):
            assert await items(ledger, PATH, who, reference_id=text) == [results[1]]
    assert await items(ledger, PATH, stranger, reference_id=reference) == []
    unused = reference_of(0, 1_000)
    assert await items(ledger, PATH, staff, reference_id=unused) == []
    assert await items(ledger, PATH, staff, reference_id=reference, type="debit") == []
    assert await items(ledger, PATH, staff, reference_id=reference, status="failed") == []
    assert await items(ledger, PATH, owner, reference_id=reference, account_id=account_id)
    assert await items(ledger, PATH, owner, reference_id=reference, account_id=uuid4()) == []
    assert await items(ledger, PATH, owner, reference_id=reference, after=reference) == []


async def test_a_cursor_of_nothing_tells_nobody_what_there_is(
    ledger: Client, bench: Bench, owner: Headers, staff: Headers
) -> None:
    result = await done(bench, credit(await opened(bench), 1))
    for who in (owner, staff):
        assert await items(ledger, PATH, who, after=reference_of(0, 1_000)) == [result]
        assert await items(ledger, PATH, who, after=reference_of(0, 1)) == []


async def test_what_failed_is_listed_with_its_reason_for_those_whose_business_it_is(
    ledger: Client, bench: Bench, owner: Headers, friend: Headers, staff: Headers
) -> None:
    mine, theirs = await funded(bench), await opened(bench, owner_id=FRIEND)
    own = transfer(mine, theirs, 9_999, owner_id=OWNER)
    by_staff = post("debit", mine, 9_999)
    strangers = transfer(mine, theirs, 1, owner_id=FRIEND)
    await tried(bench, own, by_staff, strangers)
    failed = await items(ledger, PATH, owner, status="failed")
    assert ids_of(failed) == [str(by_staff.transaction_id), str(own.transaction_id)]
    assert {(view["status"], view["failure"]) for view in failed} == {
        ("failed", "insufficient-funds")
    }
    assert await items(ledger, PATH, friend) == []
    for command in (own, by_staff):
        response = await ledger.get(f"{PATH}/{command.transaction_id}", headers=owner)
        assert response.json()["failure"] == "insufficient-funds"
    for who in (owner, friend):
        response = await ledger.get(f"{PATH}/{strangers.transaction_id}", headers=who)
        assert (response.status_code, slug_of(response)) == (404, "transaction-not-found")
    everything = await items(ledger, PATH, staff, status="failed")
    assert ids_of(everything) == [
        str(command.transaction_id) for command in (strangers, by_staff, own)
    ]


async def test_what_is_pending_is_shown_to_whom_it_takes_from_and_what_came_of_it_to_both(
    ledger: Client, bench: Bench, owner: Headers, friend: Headers
) -> None:
    mine, theirs = await funded(bench), await opened(bench, owner_id=FRIEND)
    commands = [transfer(mine, theirs, 100, is_pending=True) for _ in range(3)]
    for command in commands:
        await done(bench, command)
    waiting, completed, cancelled = (str(command.transaction_id) for command in commands)
    assert ids_of(await items(ledger, PATH, owner, status="pending")) == [
        cancelled, completed, waiting,
    ]  # fmt: skip
    assert await items(ledger, PATH, friend) == []
    response = await ledger.get(f"{PATH}/{waiting}", headers=friend)
    assert response.status_code == 404
    await done(bench, CompleteTransaction(transaction_id=UUID(completed)))
    await done(bench, CancelTransaction(transaction_id=UUID(cancelled)))
    assert ids_of(await items(ledger, PATH, friend)) == [completed]
    for status, expected in (
        ("pending", waiting), ("cancelled", cancelled), ("completed", completed),
    ):  # fmt: skip
        listed = await items(ledger, PATH, owner, status=status, type="transfer")
        assert ids_of(listed) == [expected]


async def test_of_a_journal_a_person_sees_their_part(
    ledger: Client, bench: Bench, owner: Headers, friend: Headers, staff: Headers
) -> None:
    mine, theirs = await funded(bench), await funded(bench, owner_id=FRIEND)
    other = await opened(bench, owner_id=uuid4())
    amounts = [(mine, theirs, 100), (theirs, other, 250), (mine, theirs, 1)]
    command = PostJournal(
        transaction_id=new_id(),
        postings=[
            Posting(source_id=source, target_id=target, amount=amount, currency="EUR")
            for source, target, amount in amounts
        ],
    )
    result = await done(bench, command)
    path = f"{PATH}/{command.transaction_id}"
    assert (await ledger.get(path, headers=staff)).json() == result
    for who, amount, count in ((owner, "1.01", 2), (friend, "3.51", 3)):
        view = (await ledger.get(path, headers=who)).json()
        assert (view["amount"], len(view["postings"])) == (amount, count)
        assert [one for one in await items(ledger, PATH, who) if one["type"] == "journal"] == [view]
    assert ids_of(await items(ledger, PATH, staff, account_id=mine, type="journal")) == [
        str(command.transaction_id)
    ]


async def test_staff_filter_by_account_status_and_type(
    ledger: Client, bench: Bench, staff: Headers
) -> None:
    first, second = await funded(bench), await funded(bench, owner_id=FRIEND)
    moving = await done(bench, transfer(first, second, 100))
    waiting = await done(bench, post("debit", first, 100, is_pending=True))
    assert ids_of(await items(ledger, PATH, staff, type="transfer")) == [moving["id"]]
    assert ids_of(await items(ledger, PATH, staff, status="pending")) == [waiting["id"]]
    listed = await items(ledger, PATH, staff, account_id=second)
    assert [(view["type"], view["amount"]) for view in listed] == [
        ("transfer", "1.00"),
        ("credit", "50.00"),
    ]
    assert await items(ledger, PATH, staff, account_id=uuid4()) == []
    assert len(await items(ledger, PATH, staff)) == 4


async def test_somebody_elses_account_is_no_filter_for_a_person(
    ledger: Client, bench: Bench, owner: Headers, stranger: Headers
) -> None:
    account_id = await funded(bench)
    assert len(await items(ledger, PATH, owner, account_id=account_id)) == 1
    assert await items(ledger, PATH, stranger, account_id=account_id) == []


async def visible(bench: Bench, owner_id: UUID) -> list[str]:
    """The references that a person may see, newest first, found by looking at every row."""
    async with bench.delivery.db.read() as connection:
        own = set(
            (
                await connection.execute(
                    select(accounts.c.id).where(accounts.c.owner_id == owner_id)
                )
            ).scalars()
        )
        moved = {
            row.transaction_id
            for row in await connection.execute(select(entries))
            if row.account_id in own
        }
        rows = (
            await connection.execute(select(transactions).order_by(transactions.c.number.desc()))
        ).all()
    return [
        reference_of(0, row.number)
        for row in rows
        if row.id in moved
        or (
            row.status != "completed"
            and row.source_id in own
            and (row.status != "failed" or row.asked_by in {None, owner_id})
        )
    ]


@pytest.mark.parametrize("seed", range(3))
async def test_pages_are_complete_and_in_order_while_business_goes_on(
    ledger: Client, bench: Bench, owner: Headers, staff: Headers, seed: int
) -> None:
    own = [await funded(bench, 20_000) for _ in range(3)]
    theirs = [await funded(bench, 20_000, owner_id=FRIEND) for _ in range(2)]
    life = Life(bench, seed, own, theirs)
    await life.goes_on(25)
    before = await visible(bench, OWNER)
    assert len(before) > 30
    assert [v["reference_id"] for v in await items(ledger, PATH, owner, limit=7)] == before
    for who in (owner, staff):
        walked, after = await page(ledger, PATH, who, limit=3)
        while after is not None:
            await life.goes_on(1)
            more, after = await page(ledger, PATH, who, limit=3, after=after)
            walked += more
        references = [view["reference_id"] for view in walked]
        assert len(references) == len(set(references))
        assert not set(before) - set(references)
        order = [datetime.fromisoformat(view["created_at"]) for view in walked]
        assert order == sorted(order, reverse=True)


@pytest.mark.parametrize("seed", range(2))
async def test_every_filter_is_the_list_without_the_rest(
    ledger: Client, bench: Bench, owner: Headers, staff: Headers, seed: int
) -> None:
    own = [await funded(bench, 20_000) for _ in range(2)]
    theirs = [await funded(bench, 20_000, owner_id=FRIEND)]
    await Life(bench, seed, own, theirs).goes_on(25)
    await tried(bench, credit(own[0], 1), transfer(own[0], own[1], 1, is_pending=True))
    for who in (owner, staff):
        everything = await items(ledger, PATH, who, limit=100)
        for name, values in (
            ("status", ("pending", "completed", "failed", "cancelled")),
            ("type", ("credit", "transfer", "journal", "reversal", "refund")),
        ):
            for value in values:
                expected = [view for view in everything if view[name] == value]
                assert expected, value
                assert await items(ledger, PATH, who, limit=5, **{name: value}) == expected
    of_each = [
        set(ids_of(await items(ledger, PATH, owner, limit=5, account_id=account_id)))
        for account_id in own
    ]
    assert set.union(*of_each) == set(ids_of(await items(ledger, PATH, owner, limit=100)))


async def test_a_person_with_more_accounts_than_one_query_takes_sees_all(
    ledger: Client, bench: Bench, owner: Headers
) -> None:
    own = [await opened(bench) for _ in range(45)]
    await tried(bench, *[credit(account_id, 100) for account_id in own])
    await tried(bench, *[credit(account_id, 200) for account_id in reversed(own)])
    listed = await items(ledger, PATH, owner, limit=13)
    assert [(view["account_id"], view["amount"]) for view in listed] == [
        *((str(account_id), "2.00") for account_id in own),
        *((str(account_id), "1.00") for account_id in reversed(own)),
    ]
