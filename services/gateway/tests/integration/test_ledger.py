"""What the ledger's routes let through, and the commands they make of it."""

import json
from typing import Any
from uuid import UUID

import pytest
from services.gateway.tests.fakes import ADA, EVE
from services.gateway.tests.integration.conftest import RunningGateway, problem_in
from starlette.responses import PlainTextResponse

Body = dict[str, Any]

ONE, TWO = str(UUID(int=101)), str(UUID(int=102))
VERSION = {"If-Match": '"v7"'}
TRANSFER: Body = {
    "type": "transfer", "account_id": ONE, "to_account_id": TWO, "amount": "12.50",
    "currency": "EUR",
}  # fmt: skip
HOLD: Body = {"account_id": ONE, "amount": "5", "currency": "EUR"}
POSTING: Body = {"source_id": ONE, "target_id": TWO, "amount": "0.01", "currency": "EUR"}
JOURNAL: Body = {"postings": [POSTING]}
LATER = "2999-01-01T00:00:00Z"


@pytest.fixture
def sql_url(sqlite_url: str) -> str:
    """What is tested here is the same on every store."""
    return sqlite_url


async def command_of(gateway: RunningGateway, path: str, body: Body | None, **how: Any) -> Body:
    """The one command that a write has made, with the id it was sent under as `ce_id`."""
    response = await gateway.send(how.pop("method", "POST"), path, json=body, **how)
    assert response.status_code == 202, response.text
    [command] = await gateway.commands()
    assert command.headers["ce_id"] == response.json()["id"]
    content: Body = json.loads(command.value)
    return content | {"ce_id": command.headers["ce_id"]}


@pytest.mark.parametrize("role", ["customer", "staff"])
async def test_a_transaction_is_sent_under_its_own_id(gateway: RunningGateway, role: str) -> None:
    body = TRANSFER | {"metadata": {"order": "7"}, "description": " for tea "}
    command = await command_of(gateway, "/transactions", body, role=role)
    assert command["ce_id"] == command["transaction_id"]
    assert (command["amount"], command["currency"]) == (1250, "EUR")
    assert (command["metadata"], command["description"]) == ({"order": "7"}, "for tea")
    assert command["owner_id"] == (str(ADA) if role == "customer" else None)
    assert (command["is_pending"], command["expires_at"]) == (False, None)


async def test_a_hold_is_sent_under_its_own_id(gateway: RunningGateway) -> None:
    command = await command_of(gateway, "/holds", HOLD, role="staff")
    assert command["ce_id"] == command["hold_id"]


async def test_a_repeated_transaction_is_the_same_one(gateway: RunningGateway) -> None:
    key = {"Idempotency-Key": "key"}
    answers = [
        await gateway.send("POST", "/transactions", json=TRANSFER, headers=key) for _ in range(3)
    ]
    assert len({answer.json()["id"] for answer in answers}) == 1
    [command] = await gateway.commands()
    assert json.loads(command.value)["transaction_id"] == answers[0].json()["id"]
    other = await gateway.send(
        "POST", "/transactions", json=TRANSFER | {"amount": "12.51"}, headers=key
    )
    problem_in(other, 422, "idempotency-key-reused")


async def test_a_person_may_leave_a_transfer_pending(gateway: RunningGateway) -> None:
    body = TRANSFER | {"status": "pending", "expires_at": LATER}
    command = await command_of(gateway, "/transactions", body)
    assert (command["is_pending"], command["expires_at"]) == (True, LATER)
    assert command["owner_id"] == str(ADA)


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (
            f"/transactions/{EVE}/complete",
            {"amount": "1", "currency": "EUR"},
            {"type": "CompleteTransaction", "transaction_id": str(EVE), "amount": 100},
        ),
        (
            f"/transactions/{EVE}/complete",
            {},
            {"type": "CompleteTransaction", "amount": None, "currency": None},
        ),
        (
            f"/transactions/{EVE}/cancel",
            None,
            {"type": "CancelTransaction", "transaction_id": str(EVE)},
        ),
        (
            f"/transactions/{EVE}/reverse",
            {"description": "a mistake"},
            {
                "type": "ReverseTransaction",
                "reversed_id": str(EVE),
                "description": "a mistake",
            },
        ),
        (
            f"/transactions/{EVE}/refund",
            {"amount": "7", "currency": "JPY"},
            {
                "type": "RefundTransaction",
                "refunded_id": str(EVE),
                "amount": 7,
                "currency": "JPY",
            },
        ),
        (
            "/ledger/journal",
            JOURNAL | {"metadata": {"month": "11"}},
            {
                "type": "PostJournal",
                "postings": [POSTING | {"amount": 1}],
                "metadata": {"month": "11"},
            },
        ),
        (
            "/holds",
            HOLD | {"expires_at": LATER},
            {"type": "PlaceHold", "amount": 500, "expires_at": LATER, "owner_id": None},
        ),
        (
            "/accounts",
            {"currency": "EUR", "owner_id": str(EVE), "minimum_balance": "-20.50"},
            {"type": "OpenAccount", "owner_id": str(EVE), "minimum": -2050},
        ),
        (f"/accounts/{ONE}/close", None, {"type": "CloseAccount", "owner_id": None}),
    ],
)
async def test_staff_do_what_is_for_staff(
    gateway: RunningGateway, path: str, body: Body | None, expected: Body
) -> None:
    command = await command_of(gateway, path, body, role="staff")
    assert expected.items() <= command.items()
    new = {"ReverseTransaction", "RefundTransaction", "PostJournal"}
    if command["type"] in new:
        assert command["transaction_id"] != str(EVE)


async def test_a_customer_cancels_what_they_asked_for(gateway: RunningGateway) -> None:
    command = await command_of(gateway, f"/transactions/{EVE}/cancel", None, role="customer")
    assert (command["transaction_id"], command["owner_id"]) == (str(EVE), str(ADA))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"/transactions/{EVE}/complete", {}),
        ("POST", f"/transactions/{EVE}/reverse", {}),
        ("POST", f"/transactions/{EVE}/refund", {}),
        ("POST", "/transactions", TRANSFER | {"type": "credit", "to_account_id": None}),
        ("POST", "/transactions", TRANSFER | {"type": "debit", "to_account_id": None}),
        ("POST", "/ledger/journal", JOURNAL),
        ("POST", "/holds", HOLD),
        ("POST", "/accounts", {"currency": "EUR", "owner_id": str(EVE)}),
        ("POST", "/accounts", {"currency": "EUR", "owner_id": str(ADA)}),
        ("POST", "/accounts", {"currency": "EUR", "minimum_balance": "-1"}),
        ("PATCH", f"/accounts/{ONE}", {"currency": "EUR", "minimum_balance": "-1"}),
        ("GET", "/ledger/audit", None),
    ],
)
async def test_a_customer_does_nothing_that_is_for_staff(
    gateway: RunningGateway, method: str, path: str, body: Body | None
) -> None:
    response = await gateway.send(method, path, json=body, headers=VERSION)
    problem_in(response, 403, "forbidden")
    nobody = await gateway.send(method, path, by=None, json=body, headers=VERSION)
    problem_in(nobody, 401, "unauthenticated")
    assert not await gateway.commands()
    assert not gateway.owners.seen


async def test_an_owner_renames_and_closes_what_is_theirs(gateway: RunningGateway) -> None:
    renamed = await command_of(
        gateway, f"/accounts/{ONE}", {"name": "savings"}, method="PATCH", headers=VERSION
    )
    assert renamed["owner_id"] == str(ADA)
    assert (renamed["expected_version"], renamed["name"], renamed["minimum"]) == (
        7, "savings", None,
    )  # fmt: skip
    await gateway.send("POST", f"/accounts/{ONE}/close")
    closing = json.loads((await gateway.commands())[1].value)
    assert (closing["type"], closing["owner_id"]) == ("CloseAccount", str(ADA))


async def test_staff_set_how_far_an_account_may_be_overdrawn(gateway: RunningGateway) -> None:
    body = {"minimum_balance": "-500", "currency": "JPY"}
    command = await command_of(
        gateway, f"/accounts/{ONE}", body, method="PATCH", role="staff", headers=VERSION
    )
    assert (command["minimum"], command["currency"], command["owner_id"]) == (-500, "JPY", None)


async def test_an_account_is_changed_in_the_version_that_was_read(gateway: RunningGateway) -> None:
    path, body = f"/accounts/{ONE}", {"name": "savings"}
    problem_in(await gateway.send("PATCH", path, json=body), 428, "precondition-required")
    stale = await gateway.send("PATCH", path, json=body, headers={"If-Match": "v7"})
    problem_in(stale, 400, "invalid-header")
    assert not await gateway.commands()


BAD_AMOUNTS = [
    "0", "0.00", "-1", "1.005", "1e3", "NaN", "Infinity", "-Infinity", "", " ", "+1", "01", "1,5",
    "99999999999999999", "90071992547409.92",
]  # fmt: skip


@pytest.mark.parametrize("amount", BAD_AMOUNTS)
@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("/transactions", "/amount"),
        (f"/transactions/{EVE}/complete", "/amount"),
        (f"/transactions/{EVE}/refund", "/amount"),
        (f"/holds/{EVE}/capture", "/amount"),
        ("/ledger/journal", "/postings/1/amount"),
    ],
)
async def test_an_amount_that_is_none_is_pointed_at(
    gateway: RunningGateway, path: str, pointer: str, amount: str
) -> None:
    body: Body = {"amount": amount, "currency": "EUR"}
    if path == "/transactions":
        body = TRANSFER | body
    elif path == "/ledger/journal":
        body = {"postings": [POSTING, POSTING | {"amount": amount}]}
    response = await gateway.send("POST", path, role="staff", json=body)
    problem = problem_in(response, 422, "invalid-request")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert not await gateway.commands()


@pytest.mark.parametrize("minimum", ["-1.005", "1e3", "NaN", "-Infinity", "", "-90071992547409.92"])
async def test_a_minimum_that_is_none_is_pointed_at(gateway: RunningGateway, minimum: str) -> None:
    body = {"minimum_balance": minimum, "currency": "EUR"}
    for method, path in (("POST", "/accounts"), ("PATCH", f"/accounts/{ONE}")):
        response = await gateway.send(method, path, role="staff", json=body, headers=VERSION)
        problem = problem_in(response, 422, "invalid-request")
        assert [error["pointer"] for error in problem["errors"]] == ["/minimum_balance"]
    assert not await gateway.commands()


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (TRANSFER | {"status": "failed"}, "/status"),
        (TRANSFER | {"expires_at": LATER}, ""),
        (TRANSFER | {"status": "pending", "expires_at": "2999-01-01"}, "/expires_at"),
        (
            TRANSFER | {"status": "pending", "expires_at": "9999-12-31T23:59:59-01:00"},
            "/expires_at",
        ),
        (TRANSFER | {"metadata": {"k": 1}}, "/metadata/k"),
        (TRANSFER | {"amount": 12.5}, "/amount"),
        (TRANSFER | {"to_account_id": None}, ""),
    ],
)
async def test_a_transaction_that_makes_no_sense_is_pointed_at(
    gateway: RunningGateway, body: Body, pointer: str
) -> None:
    response = await gateway.send("POST", "/transactions", json=body)
    problem = problem_in(response, 422, "invalid-request")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert not await gateway.commands()


async def test_a_statement_reaches_the_client_as_the_file_it_is(gateway: RunningGateway) -> None:
    name = 'attachment; filename="statement.csv"'
    gateway.owners.answers["/accounts"] = PlainTextResponse(
        "created_at,amount\r\n" * 500,
        media_type="text/csv",
        headers={"Content-Disposition": name},
    )
    response = await gateway.send(
        "GET", f"/accounts/{ONE}/statement?from={LATER}", headers={"Accept": "text/csv"}
    )
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"] == name
    assert response.text == "created_at,amount\r\n" * 500
    [seen] = gateway.owners.seen
    assert (seen.headers["accept"], seen.path) == ("text/csv", f"/accounts/{ONE}/statement")
