"""A refused transaction stays as a failed one, and shows only what its asker may know."""

from typing import Any
from uuid import uuid4

from services.ledger.tests.integration.commanding import (
    OWNER,
    debit,
    funded,
    opened,
    problem_of,
    refused,
    row_of,
    send,
    stored,
    transfer,
)
from services.ledger.tests.integration.conftest import Bench

from contracts.ledger import PostTransaction
from contracts.ledger_events import TransactionRefused
from contracts.problems import Problem
from ledger.adapters import tables
from ledger.application.house import house_id


async def failed(bench: Bench, command: PostTransaction) -> dict[str, Any]:
    row = await row_of(bench, tables.transactions, command.transaction_id)
    assert (row["status"], row["posting"], row["link"]) == ("failed", None, None)
    assert row["created_at"] == row["ended_at"]
    entries = await stored(bench, tables.entries)
    assert command.transaction_id not in {entry["transaction_id"] for entry in entries}
    return row


async def test_a_refused_transaction_is_kept_as_failed_with_its_reason(bench: Bench) -> None:
    source, target = await funded(bench, 1000), await opened(bench)
    command = transfer(
        source, target, 1001, owner_id=OWNER, description="rent", metadata={"month": "May"}
    )
    problem = await refused(bench, command, "insufficient-funds")
    row = await failed(bench, command)
    assert (row["source_id"], row["target_id"], row["asked_by"]) == (source, target, OWNER)
    assert (row["amount"], row["currency"], row["kind"]) == (1001, "EUR", "transfer")
    assert (row["description"], row["metadata"]) == ("rent", '{"month":"May"}')
    kept = Problem.model_validate_json(row["failure"])
    assert kept.model_dump(mode="json")["requested"] == problem["requested"] == "10.01"


async def test_a_refused_transaction_is_announced_with_its_reason(bench: Bench) -> None:
    account_id = await opened(bench)
    command = debit(account_id, 5)
    [outcome] = await send(bench, command)
    problem_of(outcome, "insufficient-funds")
    [message] = await bench.sent("TransactionRefused")
    event = TransactionRefused.model_validate_json(message.value)
    assert (event.transaction_id, event.reason) == (command.transaction_id, "insufficient-funds")
    assert message.headers["ce_causationid"] == str(command.transaction_id)
    assert message.headers["ce_sequence"] == "1"


async def test_a_failed_debit_and_a_failed_credit_name_the_funding_account(bench: Bench) -> None:
    account_id = await opened(bench)
    debiting, crediting = debit(account_id, 5), debit(account_id, 5, currency="USD")
    await send(bench, debiting, crediting)
    funding = house_id("main", "funding", "EUR")
    row = await failed(bench, debiting)
    assert (row["source_id"], row["target_id"], row["asked_by"]) == (account_id, funding, None)


async def test_what_a_stranger_tried_names_no_account(bench: Bench) -> None:
    theirs, mine, stranger = await funded(bench), await opened(bench), uuid4()
    command = transfer(theirs, mine, 1, owner_id=stranger)
    await refused(bench, command, "account-not-found")
    row = await failed(bench, command)
    assert (row["source_id"], row["target_id"], row["postings"]) == (None, None, None)
    assert row["asked_by"] == stranger


async def test_what_was_tried_on_no_account_names_none(bench: Bench) -> None:
    command = debit(uuid4(), 1)
    await refused(bench, command, "account-not-found")
    row = await failed(bench, command)
    assert (row["source_id"], row["target_id"], row["postings"]) == (None, None, None)


async def test_a_failed_transaction_has_a_number_and_no_place_in_the_chain(bench: Bench) -> None:
    account_id = await funded(bench)
    [before] = await stored(bench, tables.books)
    command = debit(account_id, 10_000)
    await send(bench, command)
    [after] = await stored(bench, tables.books)
    assert (await failed(bench, command))["number"] == after["transactions"]
    assert after["transactions"] == before["transactions"] + 1
    assert (after["postings"], after["link"]) == (before["postings"], before["link"])
