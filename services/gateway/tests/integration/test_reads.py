from http import HTTPStatus
from typing import Any

import httpx2
import pytest
from services.gateway.tests.fakes import ADA, EVE
from services.gateway.tests.integration.conftest import RunningGateway, problem_in
from starlette.responses import JSONResponse, Response

from testkit.tokens import INTERNAL_KEY

LOGIN = {"email": "ada@shop.example", "password": "analytical engine"}


@pytest.fixture
def sql_url(sqlite_url: str) -> str:
    """What is tested here is the same on every store."""
    return sqlite_url


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/users/me", "auth"),
        ("/auth/sessions", "auth"),
        (f"/users/{EVE}", "auth"),
        ("/chat/conversations", "chat"),
        (f"/chat/conversations/{EVE}/messages", "chat"),
        ("/documents", "ingest"),
        ("/documents/search", "ingest"),
        (f"/documents/{EVE}/content", "ingest"),
        (f"/accounts/{EVE}/entries", "ledger"),
        (f"/accounts/{EVE}/balance", "ledger"),
        (f"/accounts/{EVE}/statement", "ledger"),
        ("/transactions", "ledger"),
        ("/ledger/trial-balance", "ledger"),
        ("/ledger/audit", "ledger"),
        ("/products", "catalog"),
        (f"/orders/{EVE}", "catalog"),
    ],
)
async def test_a_read_reaches_the_owner_with_the_callers_own_token(
    gateway: RunningGateway, path: str, service: str
) -> None:
    token = gateway.issuer.authorization(ADA, "staff")
    response = await gateway.send("GET", f"{path}?q=a%20b&limit=3", by=None, headers=token)
    assert (response.status_code, response.json()) == (200, {"at": path})
    [seen] = gateway.owners.seen
    assert (seen.service, seen.method, seen.path) == (service, "GET", path)
    assert httpx2.QueryParams(seen.query) == httpx2.QueryParams({"q": "a b", "limit": "3"})
    assert seen.headers["authorization"] == token["Authorization"]
    assert seen.headers["traceparent"][3:35] == response.headers["traceparent"][3:35]


async def test_the_owners_answer_comes_back_with_the_headers_that_clients_need(
    gateway: RunningGateway,
) -> None:
    headers = {
        "ETag": '"v3"',
        "Set-Cookie": "a=b",
        "X-Internal": "yes",
        "Cache-Control": "no-store",
    }
    gateway.owners.answers["/orders"] = JSONResponse({"n": 1}, headers=headers)
    response = await gateway.send("GET", f"/orders/{EVE}")
    assert (response.json(), response.headers["etag"]) == ({"n": 1}, '"v3"')
    assert response.headers["cache-control"] == "no-store"
    assert not {"set-cookie", "x-internal"} & set(response.headers)


async def test_a_client_that_has_the_version_already_gets_nothing_again(
    gateway: RunningGateway,
) -> None:
    gateway.owners.answers["/orders"] = Response(status_code=304, headers={"ETag": '"v3"'})
    response = await gateway.send("GET", f"/orders/{EVE}", headers={"If-None-Match": '"v3"'})
    assert (response.status_code, response.content) == (304, b"")
    assert gateway.owners.seen[0].headers["if-none-match"] == '"v3"'


async def test_the_owners_problem_is_passed_on(gateway: RunningGateway) -> None:
    gateway.owners.answers["/orders"] = JSONResponse(
        {"type": "/problems/order-not-found", "title": "No such order", "status": 404},
        status_code=404,
        media_type="application/problem+json",
    )
    problem_in(await gateway.send("GET", f"/orders/{EVE}"), 404, "order-not-found")


async def test_a_service_that_is_away_is_a_problem_that_says_come_again(
    gateway: RunningGateway,
) -> None:
    gateway.owners.away.add("ledger")
    response = await gateway.send("GET", "/accounts")
    assert problem_in(response, 503, "unavailable")["service"] == "ledger"
    assert response.headers["retry-after"] == "2"
    assert (await gateway.send("GET", "/orders")).status_code == 200


async def test_a_write_is_accepted_while_its_service_is_away(gateway: RunningGateway) -> None:
    gateway.owners.away.add("ledger")
    assert (await gateway.open_account()).status_code == HTTPStatus.ACCEPTED


async def test_sign_in_is_passed_to_auth_with_the_callers_address_and_never_to_the_log(
    gateway: RunningGateway,
) -> None:
    forged = {"X-Internal-Key": "guess", "X-Forwarded-For": "203.0.113.9", "Cookie": "a=b"}
    response = await gateway.send("POST", "/auth/login", by=None, json=LOGIN, headers=forged)
    assert response.status_code == 200
    [seen] = gateway.owners.seen
    assert (seen.service, seen.method, seen.path) == ("auth", "POST", "/auth/login")
    assert seen.headers["x-internal-key"] == INTERNAL_KEY
    assert seen.headers["x-forwarded-for"] == "127.0.0.1"
    assert "cookie" not in seen.headers
    assert b"analytical engine" in seen.body
    assert not await gateway.commands()


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/auth/anonymous"), ("POST", "/auth/logout"), ("DELETE", f"/auth/sessions/{EVE}")],
)
async def test_sessions_are_auths(gateway: RunningGateway, method: str, path: str) -> None:
    await gateway.send(method, path)
    [seen] = gateway.owners.seen
    assert (seen.service, seen.method, seen.path, seen.body) == ("auth", method, path, b"")


@pytest.mark.parametrize("place", ["..", "%2E%2E", "%2E%2E%2Fusers", "a%3Fb", "metrics"])
async def test_only_an_id_names_a_session(gateway: RunningGateway, place: str) -> None:
    response = await gateway.send("DELETE", f"/auth/sessions/{place}")
    assert response.status_code in {400, 404, 405}
    assert not gateway.owners.seen


async def test_sign_in_says_when_auth_is_away(gateway: RunningGateway) -> None:
    gateway.owners.away.add("auth")
    response = await gateway.send("POST", "/auth/login", by=None, json=LOGIN)
    problem_in(response, 503, "unavailable")


@pytest.mark.parametrize("path", ["/.well-known/jwks.json", "/api/v1/.well-known/jwks.json"])
async def test_the_public_keys_are_at_both_addresses(gateway: RunningGateway, path: str) -> None:
    response = await gateway.client.get(path)
    assert response.json() == {"at": "/.well-known/jwks.json"}


async def test_the_document_and_its_pages_are_served(gateway: RunningGateway) -> None:
    document: dict[str, Any] = (await gateway.client.get("/api/openapi.json")).json()
    assert "/api/v1/orders" in document["paths"]
    page = await gateway.client.get("/api/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "/api/openapi.json" in page.text


async def test_browsers_of_known_origins_may_ask(gateway: RunningGateway) -> None:
    asking = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    asked = {"Access-Control-Request-Headers": "idempotency-key,prefer"}
    known = await gateway.client.options("/api/v1/orders", headers=asking | asked)
    assert known.headers["access-control-allow-origin"] == "https://shop.example"
    strange = await gateway.client.options(
        "/api/v1/orders", headers=asking | asked | {"Origin": "https://evil.example"}
    )
    assert "access-control-allow-origin" not in strange.headers
