"""What tests of reads do to the ledger first, and how they ask it."""

from typing import Any
from uuid import UUID

import httpx2
from services.ledger.tests.integration.conftest import OWNER, Bench

from contracts.contract import Command
from contracts.ids import new_id
from contracts.ledger import CaptureHold, OpenAccount, PlaceHold, PostTransaction
from testkit.records import LogRecord, record_of

Client = httpx2.AsyncClient
Headers = dict[str, str]


def post(kind: Any, account_id: UUID, amount: int, **values: Any) -> PostTransaction:
    known: dict[str, Any] = {"transaction_id": new_id(), "currency": "EUR"}
    return PostTransaction(kind=kind, account_id=account_id, amount=amount, **known | values)


def credit(account_id: UUID, amount: int, **values: Any) -> PostTransaction:
    return post("credit", account_id, amount, **values)


def transfer(source: UUID, target: UUID, amount: int, **values: Any) -> PostTransaction:
    return post("transfer", source, amount, to_account_id=target, **values)


def hold(account_id: UUID, amount: int, **values: Any) -> PlaceHold:
    known: dict[str, Any] = {"hold_id": new_id(), "currency": "EUR"}
    return PlaceHold(account_id=account_id, amount=amount, **known | values)


def capture(hold_id: UUID, **values: Any) -> CaptureHold:
    return CaptureHold(hold_id=hold_id, transaction_id=new_id(), **values)


def sent(command: Command) -> LogRecord:
    """As the gateway sends it: a posting under the id of its transaction."""
    own_id = command.transaction_id if isinstance(command, PostTransaction) else None
    return record_of(command, id=own_id)


async def tried(bench: Bench, *commands: Command) -> None:
    """All in one batch, whatever becomes of them."""
    await bench.consumer.consume([sent(command) for command in commands])


async def done(bench: Bench, command: Command) -> dict[str, Any]:
    own_id = command.transaction_id if isinstance(command, PostTransaction) else None
    outcome = await bench.handle(command, id=own_id)
    assert outcome.state == "succeeded", outcome.problem
    assert outcome.result is not None
    return outcome.result


async def opened(bench: Bench, *, owner_id: UUID = OWNER, currency: str = "EUR") -> UUID:
    account_id = new_id()
    await done(bench, OpenAccount(account_id=account_id, owner_id=owner_id, currency=currency))
    return account_id


async def funded(bench: Bench, amount: int = 5000, **values: Any) -> UUID:
    account_id = await opened(bench, **values)
    await done(bench, credit(account_id, amount, description="to begin with"))
    return account_id


async def page(
    ledger: Client, path: str, who: Headers, **query: Any
) -> tuple[list[dict[str, Any]], str | None]:
    given = {name: value for name, value in query.items() if value is not None}
    response = await ledger.get(path, params=given, headers=who)
    assert response.status_code == 200, response.text
    body = response.json()
    return body["items"], body["next"]


async def items(ledger: Client, path: str, who: Headers, **query: Any) -> list[dict[str, Any]]:
    """The whole list, page by page."""
    found, after = await page(ledger, path, who, **{"limit": 2} | query)
    while after is not None:
        more, after = await page(ledger, path, who, **{"limit": 2} | query, after=after)
        found += more
    return found


def slug_of(response: httpx2.Response) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    return str(response.json()["type"]).removeprefix("/problems/")
