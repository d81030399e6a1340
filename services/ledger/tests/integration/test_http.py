from uuid import UUID, uuid4

import pytest
from services.ledger.tests.integration.acting import (
    Client,
    Headers,
    capture,
    credit,
    done,
    funded,
    hold,
    items,
    opened,
    slug_of,
    transfer,
)
from services.ledger.tests.integration.conftest import Bench

from testkit.tokens import INTERNAL_KEY


async def test_an_owner_sees_their_account_with_its_etag(
    ledger: Client, bench: Bench, owner: Headers
) -> None:
    account_id = await funded(bench)
    response = await ledger.get(f"/accounts/{account_id}", headers=owner)
    view = response.json()
    assert (view["id"], view["balance"], view["available"]) == (str(account_id), "50.00", "50.00")
    assert (view["book"], view["minimum_balance"]) == ("main", "0.00")
    assert response.headers["etag"] == f'"v{view["version"]}"'
    known = await ledger.get(
        f"/accounts/{account_id}", headers={**owner, "If-None-Match": response.headers["etag"]}
    )
    assert known.status_code == 304


@pytest.mark.parametrize(
    "part", ["", "/entries", "/balance", "/statement", "/statement?format=csv"]
)
async def test_another_persons_account_is_as_if_it_were_not_there(
    ledger: Client, bench: Bench, stranger: Headers, part: str
) -> None:
    path = f"/accounts/{await funded(bench)}{part}"
    response = await ledger.get(path, headers=stranger)
    assert (response.status_code, slug_of(response)) == (404, "account-not-found")
    assert await items(ledger, "/accounts", stranger) == []
    assert (await ledger.get(path)).status_code == 401


async def test_staff_and_services_see_what_everybody_has(
    ledger: Client, bench: Bench, staff: Headers
) -> None:
    account_id = await funded(bench)
    for who in (staff, {"Authorization": f"Bearer {INTERNAL_KEY}"}):
        for part in ("", "/entries", "/balance", "/statement"):
            response = await ledger.get(f"/accounts/{account_id}{part}", headers=who)
            assert response.status_code == 200
        kinds = {view["kind"] for view in await items(ledger, "/accounts", who)}
        assert kinds == {"customer", "funding"}


@pytest.mark.parametrize(
    "path", ["/ledger/trial-balance", "/ledger/audit", f"/holds/{UUID(int=1)}"]
)
async def test_the_books_are_for_staff_only(ledger: Client, owner: Headers, path: str) -> None:
    response = await ledger.get(path, headers=owner)
    assert (response.status_code, slug_of(response)) == (403, "forbidden")
    assert (await ledger.get(path)).status_code == 401


async def test_the_trial_balance_shows_every_currency_and_no_difference(
    ledger: Client, bench: Bench, staff: Headers
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


async def test_an_empty_ledger_balances(ledger: Client, staff: Headers) -> None:
    response = await ledger.get("/ledger/trial-balance", headers=staff)
    assert response.json() == {"balanced": True, "currencies": []}


async def test_the_audit_shows_where_the_chain_of_each_book_ends(
    ledger: Client, bench: Bench, staff: Headers
) -> None:
    async def book() -> dict[str, object]:
        response = await ledger.get("/ledger/audit", headers=staff)
        [view] = response.json()["books"]
        return dict(view)

    before = await book()
    assert (before["book"], before["postings"], before["link"]) == ("main", 0, "00" * 32)
    await done(bench, credit(await opened(bench), 1))
    after = await book()
    assert (after["transactions"], after["postings"]) == (1, 1)
    assert len(str(after["link"])) == 64
    assert after["link"] != before["link"]
    assert str(after["last_at"]) > str(before["last_at"])


async def test_entries_are_listed_newest_first_with_the_balance_after_each(
    ledger: Client, bench: Bench, owner: Headers
) -> None:
    account_id = await opened(bench)
    results = [
        await done(bench, credit(account_id, amount, description=f"{amount}"))
        for amount in (100, 200, 300)
    ]
    listed = await items(ledger, f"/accounts/{account_id}/entries", owner)
    assert [(e["amount"], e["balance"]) for e in listed] == [
        ("3.00", "6.00"),
        ("2.00", "3.00"),
        ("1.00", "1.00"),
    ]
    assert [e["description"] for e in listed] == ["300", "200", "100"]
    assert [e["reference_id"] for e in listed] == [r["reference_id"] for r in reversed(results)]


async def test_whoever_has_no_part_in_a_transfer_does_not_see_it(
    ledger: Client, bench: Bench, owner: Headers, friend: Headers, stranger: Headers
) -> None:
    source, target = await funded(bench), await opened(bench, owner_id=uuid4())
    command = transfer(source, target, 100, metadata={"order": "7"})
    await done(bench, command)
    path = f"/transactions/{command.transaction_id}"
    assert (await ledger.get(path, headers=owner)).status_code == 200
    for who in (friend, stranger):
        response = await ledger.get(path, headers=who)
        assert (response.status_code, slug_of(response)) == (404, "transaction-not-found")


async def test_staff_see_a_hold_and_what_became_of_it(
    ledger: Client, bench: Bench, staff: Headers
) -> None:
    placing = hold(await funded(bench), 2000, description="a lamp")
    await done(bench, placing)
    first = await ledger.get(f"/holds/{placing.hold_id}", headers=staff)
    assert (first.json()["status"], first.headers["etag"]) == ("held", '"v1"')
    await done(bench, capture(placing.hold_id))
    second = await ledger.get(f"/holds/{placing.hold_id}", headers=staff)
    assert (second.json()["status"], second.json()["captured"]) == ("captured", "20.00")
    assert second.headers["etag"] == '"v2"'


NOWHERE = f"/accounts/{UUID(int=1)}"


@pytest.mark.parametrize(
    ("path", "status", "slug"),
    [
        (NOWHERE, 404, "account-not-found"),
        (f"{NOWHERE}/entries", 404, "account-not-found"),
        (f"{NOWHERE}/balance", 404, "account-not-found"),
        (f"{NOWHERE}/statement", 404, "account-not-found"),
        (f"/transactions/{UUID(int=1)}", 404, "transaction-not-found"),
        (f"/holds/{UUID(int=1)}", 404, "hold-not-found"),
        ("/accounts/one", 404, "not-found"),
        ("/accounts?limit=0", 400, "invalid-query"),
        ("/accounts?after=nonsense", 400, "invalid-cursor"),
        (f"{NOWHERE}/entries?after=nonsense", 400, "invalid-cursor"),
        (f"{NOWHERE}/entries?after=-1", 400, "invalid-cursor"),
        (f"{NOWHERE}/entries?after={'9' * 19}", 400, "invalid-cursor"),
        (f"{NOWHERE}/entries?until=yesterday", 400, "invalid-query"),
        (f"{NOWHERE}/entries?since=2026-01-01T00:00:00", 400, "invalid-query"),
        (f"{NOWHERE}/balance?at=2026-01-01T00:00:00", 400, "invalid-query"),
        (f"{NOWHERE}/balance?at=9999-12-31T23:59:59-23:00", 400, "invalid-query"),
        (f"{NOWHERE}/balance?when=now", 400, "invalid-query"),
        (f"{NOWHERE}/statement?format=pdf", 400, "invalid-query"),
        (f"{NOWHERE}/statement?starts_at=2026-01-01T00:00:00Z", 400, "invalid-query"),
        (
            f"{NOWHERE}/statement?from=2026-02-01T00:00:00Z&to=2026-02-01T01:00:00%2B01:00",
            400,
            "invalid-query",
        ),
        ("/transactions?status=done", 400, "invalid-query"),
        ("/transactions?type=gift", 400, "invalid-query"),
        ("/transactions?account_id=one", 400, "invalid-query"),
        ("/transactions?reference_id=TXN-1", 400, "invalid-query"),
        ("/transactions?reference_id=TXN-1_2345678901", 400, "invalid-query"),
        ("/transactions?colour=red", 400, "invalid-query"),
        ("/transactions?after=nonsense", 400, "invalid-cursor"),
        ("/transactions?after=TXN-1_2345678901", 400, "invalid-cursor"),
        ("/transactions?after=TXN-FFFFFFFFFFFF", 400, "invalid-cursor"),
    ],
)
async def test_what_is_not_there_or_not_meant_is_a_problem(
    ledger: Client, staff: Headers, path: str, status: int, slug: str
) -> None:
    response = await ledger.get(path, headers=staff)
    assert (response.status_code, slug_of(response)) == (status, slug), response.text
