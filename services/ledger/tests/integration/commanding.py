"""Commands of the ledger, sent as the gateway sends them, and what they have left in the store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid4

from services.ledger.tests.integration.conftest import Bench
from sqlalchemy import Table, delete, select, update

from contracts.contract import Command
from contracts.gateway import Outcome
from contracts.ids import new_id
from contracts.ledger import CaptureHold, OpenAccount, PlaceHold, PostTransaction
from ledger.adapters import tables
from ledger.domain.chain import FIRST_LINK
from testkit.records import LogRecord, record_of
from testkit.workbench import outcomes_of

OWNER: Final = uuid4()

Row = dict[str, Any]


def opening(**values: Any) -> OpenAccount:
    known: Row = {"account_id": new_id(), "owner_id": OWNER, "currency": "EUR"}
    return OpenAccount(**known | values)


def post(kind: Any, account_id: UUID, amount: int, **values: Any) -> PostTransaction:
    known: Row = {"transaction_id": new_id(), "currency": "EUR"}
    return PostTransaction(kind=kind, account_id=account_id, amount=amount, **known | values)


def credit(account_id: UUID, amount: int, **values: Any) -> PostTransaction:
    return post("credit", account_id, amount, **values)


def debit(account_id: UUID, amount: int, **values: Any) -> PostTransaction:
    return post("debit", account_id, amount, **values)


def transfer(source: UUID, target: UUID, amount: int, **values: Any) -> PostTransaction:
    return post("transfer", source, amount, to_account_id=target, **values)


def hold(account_id: UUID, amount: int, **values: Any) -> PlaceHold:
    known: Row = {"hold_id": new_id(), "currency": "EUR"}
    return PlaceHold(account_id=account_id, amount=amount, **known | values)


def capture(hold_id: UUID, amount: int | None = None, **values: Any) -> CaptureHold:
    known: Row = {"transaction_id": new_id(), "currency": amount and "EUR"}
    return CaptureHold(hold_id=hold_id, amount=amount, **known | values)


def sent(command: Command, *, id: UUID | None = None) -> LogRecord:
    """A PostTransaction has the id of its transaction."""
    own = command.transaction_id if isinstance(command, PostTransaction) else None
    return record_of(command, id=id or own or new_id())


async def answers(bench: Bench, *records: LogRecord) -> list[Outcome]:
    """What a batch of these is answered with, one outcome for each id."""
    return list(outcomes_of(await bench.consume(*records)).values())


async def send(bench: Bench, *commands: Command) -> list[Outcome]:
    """In one batch."""
    return await answers(bench, *(sent(command) for command in commands))


async def done(bench: Bench, command: Command) -> Row:
    [outcome] = await send(bench, command)
    assert outcome.state == "succeeded", outcome.problem
    assert outcome.result is not None
    return outcome.result


def problem_of(outcome: Outcome, slug: str) -> Row:
    assert outcome.state == "refused", outcome
    assert outcome.problem is not None
    assert outcome.problem.type == f"/problems/{slug}"
    return outcome.problem.model_dump(mode="json")


async def opened(bench: Bench, **values: Any) -> UUID:
    command = opening(**values)
    await done(bench, command)
    return command.account_id


async def funded(bench: Bench, amount: int = 5000, **values: Any) -> UUID:
    account_id = await opened(bench, **values)
    currency = values.get("currency", "EUR")
    await done(bench, credit(account_id, amount, currency=currency))
    return account_id


async def held(bench: Bench, account_id: UUID, amount: int = 2000, **values: Any) -> UUID:
    command = hold(account_id, amount, **values)
    await done(bench, command)
    return command.hold_id


async def stored(bench: Bench, table: Table) -> list[Row]:
    """All rows of a table, in the order of its key."""
    async with bench.delivery.db.read() as connection:
        rows = await connection.execute(select(table).order_by(*table.primary_key.columns))
        return [dict(row._mapping) for row in rows]


async def row_of(bench: Bench, table: Table, id: UUID) -> Row:
    [row] = [row for row in await stored(bench, table) if row["id"] == id]
    return row


async def money(bench: Bench, account_id: UUID) -> tuple[int, int]:
    """What is on it, and what of that is held."""
    row = await row_of(bench, tables.accounts, account_id)
    return row["posted"], row["held"]


async def is_balanced(bench: Bench) -> bool:
    totals: dict[str, int] = {}
    for row in await stored(bench, tables.accounts):
        totals[row["currency"]] = totals.get(row["currency"], 0) + row["posted"]
    return not any(totals.values())


async def what_counts(bench: Bench) -> dict[str, list[Row]]:
    """All rows but the failed transactions, and of a book what only money can change."""
    everything = {
        table.name: await stored(bench, table)
        for table in (tables.accounts, tables.transactions, tables.entries, tables.holds)
    }
    everything["transactions"] = [
        row for row in everything["transactions"] if row["status"] != "failed"
    ]
    everything["books"] = [
        {"name": row["name"], "postings": row["postings"], "link": row["link"]}
        for row in await stored(bench, tables.books)
    ]
    return everything


@asynccontextmanager
async def nothing_changes(bench: Bench) -> AsyncIterator[None]:
    before, announced = await what_counts(bench), len(await events(bench))
    yield
    assert await what_counts(bench) == before
    assert len(await events(bench)) == announced


async def events(bench: Bench) -> list[str]:
    """The types of what was announced, without refusals."""
    types = [message.headers["ce_type"] for message in await bench.sent()]
    return [type for type in types if type not in ("Outcome", "TransactionRefused")]


async def refused(bench: Bench, command: Command, slug: str, **figures: Any) -> Row:
    """The command is refused with these figures, and nothing changes."""
    async with nothing_changes(bench):
        [outcome] = await send(bench, command)
    problem = problem_of(outcome, slug)
    assert {name: problem.get(name) for name in figures} == figures
    return problem


async def emptied(bench: Bench) -> None:
    """The database as it was when it was migrated."""
    async with bench.delivery.db.write() as connection:
        for table in reversed(tables.metadata.sorted_tables):
            if table is not tables.books:
                await connection.execute(delete(table))
        await connection.execute(
            update(tables.books).values(
                epoch=0,
                transactions=0,
                postings=0,
                link=FIRST_LINK,
                last_at=datetime(2026, 1, 1, tzinfo=UTC),
            )
        )
