"""Many plain transactions at once leave what each of them would have left by itself."""

from itertools import groupby
from typing import Any
from uuid import uuid4

import pytest
from services.ledger.tests.integration.clocks import Clock
from services.ledger.tests.integration.commanding import (
    OWNER,
    answers,
    credit,
    debit,
    done,
    emptied,
    funded,
    hold,
    money,
    opened,
    opening,
    problem_of,
    sent,
    stored,
    transfer,
)
from services.ledger.tests.integration.conftest import Bench

from contracts.ids import new_id
from contracts.ledger import CloseAccount
from ledger.adapters import tables
from ledger.adapters.store import LedgerTransaction
from ledger.application.post_many import LONGEST_DESCRIPTION
from testkit.records import LogRecord, record_of

TABLES = (
    *(tables.accounts, tables.books, tables.entries, tables.holds, tables.transactions),
    tables.delivery.inbox,
)
NEW_EACH_TIME = frozenset({"ce_id"})
"""Of events alone: an outcome has the same id each time."""


def a_batch_of_all_sorts() -> list[LogRecord]:
    """Runs of plain ones, with whatever can come between them."""
    one, two = opening(), opening()
    other, yen = opening(owner_id=uuid4()), opening(currency="JPY")
    ids = [command.account_id for command in (one, two, other, yen)]
    first, again = credit(ids[0], 5000), debit(ids[0], 7)
    commands = [
        *(one, two, other, yen),
        *(first, credit(ids[1], 100), credit(ids[3], 900, currency="JPY")),
        *(transfer(ids[0], ids[1], 10, owner_id=OWNER), transfer(ids[1], ids[2], 20)),
        # Refused, each in the middle of a run.
        debit(ids[0], 99_999),
        transfer(ids[0], ids[0], 1),
        transfer(ids[2], ids[0], 1, owner_id=OWNER),
        transfer(ids[0], ids[3], 1),
        debit(uuid4(), 1),
        *(debit(ids[0], 5, description='Grüße 👩‍👩‍👧 "quoted"'), debit(ids[0], 6)),
        # Not plain.
        debit(ids[0], 11, metadata={"month": "May"}),
        debit(ids[0], 12, is_pending=True),
        debit(ids[0], 13, description="x" * (LONGEST_DESCRIPTION + 1)),
        debit(ids[0], 14, book="nowhere"),
        *(debit(ids[0], 15), debit(ids[1], 16)),
        hold(ids[0], 17),
        *(again, credit(ids[1], 8)),
    ]
    records = [sent(command) for command in commands]
    under_another_id = record_of(debit(ids[0], 18), id=new_id())
    reused = record_of(debit(ids[0], 9), id=again.transaction_id)
    nobody_waits = record_of(tail := debit(ids[0], 19), id=tail.transaction_id, reply_to=None)
    return [*records, under_another_id, sent(again), reused, sent(debit(ids[1], 20)), nobody_waits]


async def what_is_left(bench: Bench, records: list[LogRecord]) -> dict[str, Any]:
    """All rows, and of each topic all messages in their order."""
    messages = sorted(await bench.consume(*records), key=lambda message: message.topic)
    left: dict[str, Any] = {table.name: await stored(bench, table) for table in TABLES}
    for row in left["inbox"]:
        del row["received_at"]
    for topic, some in groupby(messages, key=lambda message: message.topic):
        left[topic] = [
            (message.key, message.partition, message.value, headers_of(message.headers))
            for message in some
        ]
    return left


def headers_of(headers: dict[str, str]) -> dict[str, str]:
    new = {"ce_time"} | (set() if headers["ce_type"] == "Outcome" else NEW_EACH_TIME)
    return {name: text for name, text in headers.items() if name not in new}


async def test_a_run_leaves_what_its_commands_leave_one_by_one(
    bench: Bench, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = a_batch_of_all_sorts()
    taken: list[int] = []
    take = LedgerTransaction.take

    def counted(self: LedgerTransaction, items: Any) -> int:
        taken.append(take(self, items))
        return taken[-1]

    await emptied(bench)
    monkeypatch.setattr(LedgerTransaction, "take", counted)
    at_once = await what_is_left(bench, records)
    assert sum(taken) >= 10
    assert 0 in taken
    await emptied(bench)
    bench.delivery.store.books.clear()  # type: ignore[attr-defined]
    monkeypatch.setattr(LedgerTransaction, "takes", frozenset())
    taken.clear()
    one_by_one = await what_is_left(bench, records)
    assert taken == []
    assert at_once == one_by_one
    assert {len(at_once[table.name]) > 0 for table in TABLES} == {True}


async def test_a_run_spends_no_money_twice(bench: Bench) -> None:
    source, target = await funded(bench, 1000), await opened(bench)
    outcomes = await answers(bench, *(sent(transfer(source, target, 300)) for _ in range(5)))
    assert [outcome.state for outcome in outcomes] == ["succeeded"] * 3 + ["refused"] * 2
    assert problem_of(outcomes[3], "insufficient-funds")["available"] == "1.00"
    assert await money(bench, source) == (100, 0)
    assert await money(bench, target) == (900, 0)


async def test_a_refusal_that_comes_when_half_is_done_leaves_no_half(bench: Bench) -> None:
    source, closed = await funded(bench, 1000), await opened(bench)
    await done(bench, CloseAccount(account_id=closed))
    outcomes = await answers(
        bench,
        *(sent(debit(source, 1)), sent(debit(source, 2))),
        *(sent(transfer(source, closed, 500)), sent(debit(source, 4)), sent(debit(source, 8))),
    )
    problem_of(outcomes[2], "account-closed")
    assert [outcome.state for outcome in outcomes].count("succeeded") == 4
    assert await money(bench, source) == (985, 0)
    rows = [row for row in await stored(bench, tables.entries) if row["account_id"] == source]
    assert [row["balance"] for row in rows] == [1000, 999, 997, 993, 985]
