"""Whatever a client sends, it gets a problem document, and nothing is accepted."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from services.gateway.tests.fakes import ADA, EVE
from services.gateway.tests.integration.conftest import RunningGateway, problem_in

JSON = {"Content-Type": "application/json"}
ORDER = {"account_id": str(EVE), "lines": [{"product_id": str(EVE), "quantity": 1}]}


@pytest.fixture
def sql_url(sqlite_url: str) -> str:
    """What is tested here is the same on every store."""
    return sqlite_url


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half an object"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"null", id="null"),
        pytest.param(b"\xff\xfe", id="no UTF-8"),
        pytest.param(b"[" * 100_000, id="deep lists"),
        pytest.param(b'{"a":' * 40_000 + b"1" + b"}" * 40_000, id="deep objects"),
        pytest.param(b'{"currency": "EUR", "n": ' + b"9" * 5_000 + b"}", id="a long number"),
        pytest.param(b'{"currency": NaN}', id="NaN"),
        pytest.param(b'{"currency": "EUR", "name": "a\\u0000b"}', id="NUL"),
        pytest.param(b'{"currency": "EUR", "name": "\\ud800"}', id="half a character"),
        pytest.param(b'{"currency": "EUR", "\\ud800": 1}', id="half a character as a name"),
        pytest.param(b'{"currency": "EURO"}', id="no currency"),
        pytest.param(b'{"currency": "EUR", "name": "' + b"x" * 101 + b'"}', id="a long name"),
        pytest.param(b'{"currency": "EUR", "subject": "x"}', id="an unknown member"),
    ],
)
async def test_a_body_that_is_not_valid_is_a_problem(gateway: RunningGateway, body: bytes) -> None:
    response = await gateway.send("POST", "/accounts", content=body, headers=JSON)
    assert response.status_code in {400, 422}, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in response.text
    assert not await gateway.commands()


async def test_an_unknown_member_is_pointed_at(gateway: RunningGateway) -> None:
    body = {"currency": "EUR", "subject": str(EVE)}
    problem = problem_in(await gateway.send("POST", "/accounts", json=body), 422, "invalid-request")
    assert [error["pointer"] for error in problem["errors"]] == ["/subject"]


@pytest.mark.parametrize("amount", ["0", "-1", "1.005", "1e3", "NaN", "", "99999999999999999"])
async def test_an_amount_is_a_plain_decimal_above_zero(
    gateway: RunningGateway, amount: str
) -> None:
    body = {"account_id": str(EVE), "amount": amount, "currency": "EUR"}
    response = await gateway.send("POST", "/holds", role="staff", json=body)
    problem = problem_in(response, 422, "invalid-request")
    assert [error["pointer"] for error in problem["errors"]] == ["/amount"]


async def test_the_amount_of_a_currency_that_nobody_knows_is_not_valid(
    gateway: RunningGateway,
) -> None:
    body = {"account_id": str(EVE), "amount": "1", "currency": "ZZZ"}
    response = await gateway.send("POST", "/holds", role="staff", json=body)
    problem_in(response, 422, "invalid-request")


async def in_pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(0, size, 10_000):
        yield b" " * 10_000


@pytest.mark.parametrize("is_announced", [True, False])
async def test_a_body_that_is_too_large_is_not_read(
    gateway: RunningGateway, is_announced: bool
) -> None:
    content: Any = b" " * 300_000 if is_announced else in_pieces(300_000)
    response = await gateway.send("POST", "/accounts", content=content, headers=JSON)
    problem_in(response, 413, "content-too-large")
    assert not await gateway.commands()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Prefer", "wait=" + "9" * 20_000),
        ("Last-Event-ID", "9" * 20_000),
        ("Authorization", "Bearer " + "x" * 20_000),
        ("Authorization", "Bearer \xff"),
        ("Idempotency-Key", "k" * 20_000),
        ("If-Match", '"v' + "9" * 20_000 + '"'),
        ("X-Request-Id", "x" * 20_000),
        ("traceparent", "x" * 20_000),
        ("Accept", "text/event-stream," * 1_000),
    ],
)
async def test_a_huge_or_strange_header_is_no_defect(
    gateway: RunningGateway, name: str, value: str
) -> None:
    headers = {name: value.encode("latin-1")}
    for method, path, body in (
        ("POST", "/accounts", {"currency": "EUR"}),
        ("POST", f"/chat/conversations/{EVE}/handoff", {}),
        ("PATCH", "/users/me", {"name": "Ada"}),
        ("GET", "/operations", None),
    ):
        response = await gateway.send(method, path, json=body, headers=headers)  # type: ignore[arg-type]
        assert response.status_code < 500, response.text
        assert "Traceback" not in response.text


@pytest.mark.parametrize(
    ("method", "path", "role", "body"),
    [
        ("POST", "/accounts", "anonymous", {"currency": "EUR"}),
        ("POST", "/orders", "anonymous", ORDER),
        ("PATCH", "/users/me", "anonymous", {"name": "Ada"}),
        (
            "POST",
            "/products",
            "customer",
            {"sku": "A", "name": "A", "price": "1", "currency": "EUR"},
        ),
        ("POST", f"/products/{EVE}/stock", "customer", {"delta": 1}),
        ("POST", "/holds", "customer", {"account_id": str(EVE), "amount": "1", "currency": "EUR"}),
        ("POST", f"/holds/{EVE}/void", "customer", None),
        ("PATCH", f"/users/{EVE}", "staff", {"roles": ["admin"]}),
        ("DELETE", f"/documents/{EVE}", "customer", None),
        ("GET", "/users", "customer", None),
        ("GET", "/ledger/trial-balance", "customer", None),
        (
            "POST",
            "/transactions",
            "customer",
            {"type": "credit", "account_id": str(EVE), "amount": "1", "currency": "EUR"},
        ),
    ],
)
async def test_a_role_may_do_what_it_may_and_nothing_else(
    gateway: RunningGateway, method: str, path: str, role: str, body: object
) -> None:
    headers = {"If-Match": '"v1"'}
    response = await gateway.send(method, path, role=role, json=body, headers=headers)
    problem_in(response, 403, "forbidden")
    nobody = await gateway.send(method, path, by=None, json=body, headers=headers)
    problem_in(nobody, 401, "unauthenticated")
    assert nobody.headers["www-authenticate"] == "Bearer"
    assert not await gateway.commands()
    assert not gateway.owners.seen


async def test_a_token_that_is_not_ours_is_refused(gateway: RunningGateway) -> None:
    headers = {"Authorization": "Bearer " + gateway.issuer.token(ADA, "customer")[:-8] + "AAAAAAAA"}
    response = await gateway.send("GET", "/operations", by=None, headers=headers)
    problem_in(response, 401, "unauthenticated")
    assert 'error="invalid_token"' in response.headers["www-authenticate"]


async def test_what_is_not_there_is_a_problem_too(gateway: RunningGateway) -> None:
    problem_in(await gateway.send("GET", "/nowhere"), 404, "not-found")
    problem_in(await gateway.send("PUT", "/accounts"), 405, "method-not-allowed")
    problem_in(await gateway.send("GET", "/accounts/seven"), 404, "not-found")


async def test_too_many_requests_are_refused_in_the_application_as_well(
    gateway: RunningGateway,
) -> None:
    body = {"email": "ada@shop.example", "password": "analytical engine"}
    for _ in range(30):
        assert (await gateway.send("POST", "/auth/login", by=None, json=body)).status_code == 200
    refused = await gateway.send(
        "POST", "/auth/login", by=None, json=body, headers={"Origin": "https://shop.example"}
    )
    problem_in(refused, 429, "quota-exceeded")
    assert refused.headers["access-control-allow-origin"] == "https://shop.example"
    assert len(gateway.owners.seen) == 30
