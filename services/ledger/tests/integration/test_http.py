from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from services.ledger.tests.integration.conftest import Bench
from services.ledger.tests.integration.test_commands import (
    OWNER,
    capture,
    credit,
    done,
    funded,
    hold,
    opened,
    post,
)

from testkit.tokens import INTERNAL_KEY, TokenIssuer

Client = httpx2.AsyncClient


@pytest.fixture
def owner(issuer: TokenIssuer) -> dict[str, str]:
    return issuer.authorization(OWNER, "customer")


@pytest.fixture
def stranger(issuer: TokenIssuer) -> dict[str, str]:
    return issuer.authorization(uuid4(), "customer")


@pytest.fixture
def staff(issuer: TokenIssuer) -> dict[str, str]:
    return issuer.authorization(uuid4(), "staff")


async def items(ledger: Client, path: str, who: dict[str, str]) -> list[dict[str, Any]]:
    """The whole list, page by page."""
    found: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        query = {"limit": 2} | ({"after": after} if after else {})
        response = await ledger.get(path, params=query, headers=who)
        assert response.status_code == 200, response.text
        page = response.json()
        found += page["items"]
        after = page["next"]
    return found


def slug_of(response: httpx2.Response) -> str:
    return str(response.json()["type"]).removeprefix("/problems/")


async def test_an_owner_sees_their_account_with_its_etag(
    ledger: Client, bench: Bench, owner: dict[str, str]
) -> None:
    account_id = await funded(bench)
    response = await ledger.get(f"/accounts/{account_id}", headers=owner)
    view = response.json()
    assert (view["id"], view["balance"], view["available"]) == (str(account_id), "50.00", "50.00")
    assert response.headers["etag"] == f'"v{view["version"]}"'
    known = await ledger.get(
        f"/accounts/{account_id}", headers={**owner, "If-None-Match": response.headers["etag"]}
    )
    assert known.status_code == 304


async def test_another_persons_things_are_as_if_they_were_not_there(
    ledger: Client, bench: Bench, stranger: dict[str, str]
) -> None:
    account_id = await opened(bench)
    command = credit(account_id, 1)
    await done(bench, command)
    for path in (f"/accounts/{account_id}", f"/accounts/{account_id}/entries"):
        response = await ledger.get(path, headers=stranger)
        assert (response.status_code, slug_of(response)) == (404, "account-not-found")
    response = await ledger.get(f"/transactions/{command.transaction_id}", headers=stranger)
    assert (response.status_code, slug_of(response)) == (404, "transaction-not-found")
    assert await items(ledger, "/accounts", stranger) == []
    assert await items(ledger, "/transactions", stranger) == []


async def test_staff_and_services_see_what_everybody_has(
    ledger: Client, bench: Bench, staff: dict[str, str]
) -> None:
    account_id = await funded(bench)
    for who in (staff, {"Authorization": f"Bearer {INTERNAL_KEY}"}):
        assert (await ledger.get(f"/accounts/{account_id}", headers=who)).status_code == 200
        kinds = {view["kind"] for view in await items(ledger, "/accounts", who)}
        assert kinds == {"customer", "funding"}


@pytest.mark.parametrize("path", ["/ledger/trial-balance", f"/holds/{UUID(int=1)}"])
async def test_the_books_are_for_staff_only(
    ledger: Client, owner: dict[str, str], path: str
) -> None:
    response = await ledger.get(path, headers=owner)
    assert (response.status_code, slug_of(response)) == (403, "forbidden")
    assert (await ledger.get(path)).status_code == 401


async def test_the_trial_balance_shows_every_currency_and_no_difference(
    ledger: Client, bench: Bench, staff: dict[str, str]
) -> None:
    await done(bench, credit(await opened(bench), 1250))
    await done(bench, credit(await opened(bench, currency="JPY"), 7, currency="JPY"))
    response = await ledger.get("/ledger/trial-balance", headers=staff)
    assert response.json() == {
        "balanced": True,
        "currencies": [
            {"currency": "EUR", "debits": "12.50", "credits": "12.50", "difference": "0.00"},
            {"currency": "JPY", "debits": "7", "credits": "7", "difference": "0"},
        ],
    }


async def test_an_empty_ledger_balances(ledger: Client, staff: dict[str, str]) -> None:
    response = await ledger.get("/ledger/trial-balance", headers=staff)
    assert response.json() == {"balanced": True, "currencies": []}


async def test_entries_are_listed_newest_first_with_the_balance_after_each(
    ledger: Client, bench: Bench, owner: dict[str, str]
) -> None:
    account_id = await opened(bench)
    for amount in (100, 200, 300):
        await done(bench, credit(account_id, amount, description=f"{amount}"))
    listed = await items(ledger, f"/accounts/{account_id}/entries", owner)
    assert [(e["amount"], e["balance"]) for e in listed] == [
        ("3.00", "6.00"),
        ("2.00", "3.00"),
        ("1.00", "1.00"),
    ]
    assert [e["description"] for e in listed] == ["300", "200", "100"]


async def test_both_sides_of_a_transfer_see_it(
    ledger: Client, bench: Bench, owner: dict[str, str], issuer: TokenIssuer
) -> None:
    friend = uuid4()
    source, target = await funded(bench), await opened(bench, owner_id=friend)
    command = post("transfer", source, 100, to_account_id=target)
    result = await done(bench, command)
    for who in (owner, issuer.authorization(friend, "customer")):
        response = await ledger.get(f"/transactions/{command.transaction_id}", headers=who)
        assert response.json() == result
        assert result["id"] in {view["id"] for view in await items(ledger, "/transactions", who)}


async def test_staff_see_a_hold_and_what_became_of_it(
    ledger: Client, bench: Bench, staff: dict[str, str]
) -> None:
    placing = hold(await funded(bench), 2000, description="a lamp")
    await done(bench, placing)
    first = await ledger.get(f"/holds/{placing.hold_id}", headers=staff)
    assert (first.json()["status"], first.headers["etag"]) == ("held", '"v1"')
    await done(bench, capture(placing.hold_id))
    second = await ledger.get(f"/holds/{placing.hold_id}", headers=staff)
    assert (second.json()["status"], second.json()["captured"]) == ("captured", "20.00")
    assert second.headers["etag"] == '"v2"'


@pytest.mark.parametrize(
    ("path", "status", "slug"),
    [
        (f"/accounts/{UUID(int=1)}", 404, "account-not-found"),
        (f"/transactions/{UUID(int=1)}", 404, "transaction-not-found"),
        (f"/holds/{UUID(int=1)}", 404, "hold-not-found"),
        ("/accounts/one", 404, "not-found"),
        ("/accounts?limit=0", 400, "invalid-query"),
        ("/accounts?after=nonsense", 400, "invalid-cursor"),
        ("/transactions?status=done", 400, "invalid-query"),
    ],
)
async def test_what_is_not_there_or_not_meant_is_a_problem(
    ledger: Client, staff: dict[str, str], path: str, status: int, slug: str
) -> None:
    response = await ledger.get(path, headers=staff)
    assert (response.status_code, slug_of(response)) == (status, slug)
