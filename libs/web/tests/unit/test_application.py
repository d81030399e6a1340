import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from libs.web.tests.unit.shop import APP, ISSUER, THING_ID, in_pieces

from testkit.applications import application_of, client_of
from testkit.tokens import INTERNAL_KEY
from web.app import BODY_LIMIT_BYTES

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
async def shop() -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(APP) as client:
        yield client


def problem_in(response: httpx2.Response, status: int, slug: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["type"] == f"/problems/{slug}"
    assert problem["status"] == status
    assert problem["title"]
    return problem


async def test_a_refusal_is_a_problem_with_its_figures(shop: httpx2.AsyncClient) -> None:
    problem = problem_in(await shop.get("/sold-out"), 409, "sold-out")
    assert (problem["detail"], problem["left"]) == ("nothing is left", 0)


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [("GET", "/nowhere", 404, "not-found"), ("DELETE", "/orders", 405, "method-not-allowed")],
)
async def test_what_the_framework_refuses_is_a_problem_too(
    shop: httpx2.AsyncClient, method: str, path: str, status: int, slug: str
) -> None:
    problem_in(await shop.request(method, path), status, slug)


async def test_a_defect_tells_nothing_of_the_code(shop: httpx2.AsyncClient) -> None:
    response = await shop.get("/defect")
    problem_in(response, 500, "internal-error")
    assert "secret" not in response.text


async def test_an_outage_asks_to_come_again(shop: httpx2.AsyncClient) -> None:
    response = await shop.get("/away")
    problem_in(response, 503, "unavailable")
    assert response.headers["retry-after"] == "2"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"lines": [{"quantity": "many"}]}, "/lines/0/quantity"),
        ({"lines": [{"quantity": 1}, {}]}, "/lines/1/quantity"),
        ({"lines": [], "a/b~c": 1}, "/a~1b~0c"),
        ({"lines": [{"quantity": 1, "price": "1e3"}]}, "/lines/0/price"),
        ({}, "/lines"),
    ],
)
async def test_a_body_that_is_not_valid_is_pointed_at(
    shop: httpx2.AsyncClient, body: dict[str, Any], pointer: str
) -> None:
    problem = problem_in(await shop.post("/orders", json=body), 422, "invalid-request")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


async def test_an_amount_that_its_currency_has_not_is_pointed_at(shop: httpx2.AsyncClient) -> None:
    body = {"lines": [{"quantity": 1, "price": "1.005"}]}
    problem = problem_in(await shop.post("/orders", json=body), 422, "invalid-request")
    assert "EUR has 2 decimals" in problem["detail"]


async def test_a_body_that_is_no_json_is_not_valid(shop: httpx2.AsyncClient) -> None:
    headers = {"content-type": "application/json"}
    response = await shop.post("/orders", content=b"{", headers=headers)
    problem_in(response, 422, "invalid-request")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "size=1", "after=" + "x" * 201]
)
async def test_a_query_that_a_list_does_not_know_is_refused(
    shop: httpx2.AsyncClient, query: str
) -> None:
    problem = problem_in(await shop.get(f"/things?{query}"), 400, "invalid-query")
    assert query.split("=", maxsplit=1)[0] in problem["errors"][0]["pointer"]


async def test_a_list_has_twenty_items_unless_the_client_says_otherwise(
    shop: httpx2.AsyncClient,
) -> None:
    assert (await shop.get("/things")).json() == {"limit": 20, "after": None}
    assert (await shop.get("/things?limit=100&after=x")).json() == {"limit": 100, "after": "x"}


async def test_an_address_whose_id_is_none_leads_nowhere(shop: httpx2.AsyncClient) -> None:
    problem_in(await shop.get("/things/seven"), 404, "not-found")


async def test_a_thing_has_its_version_as_its_etag(shop: httpx2.AsyncClient) -> None:
    response = await shop.get(f"/things/{THING_ID}")
    assert (response.status_code, response.headers["etag"]) == (200, '"v3"')
    assert response.json()["version"] == 3


@pytest.mark.parametrize(
    ("given", "status"), [('"v3"', 304), ('"v2", "v3"', 304), ('"v2"', 200), ("v3", 200), ("", 200)]
)
async def test_what_a_client_has_already_is_not_sent_again(
    shop: httpx2.AsyncClient, given: str, status: int
) -> None:
    response = await shop.get(f"/things/{THING_ID}", headers={"If-None-Match": given})
    assert (response.status_code, response.headers["etag"]) == (status, '"v3"')
    assert bool(response.content) == (status == 200)


async def test_a_change_names_the_version_that_was_read(shop: httpx2.AsyncClient) -> None:
    response = await shop.patch("/things", headers={"If-Match": '"v12"'})
    assert response.json() == {"version": 12}
    problem_in(await shop.patch("/things"), 428, "precondition-required")


@pytest.mark.parametrize("tag", ["*", "v1", '"1"', 'W/"v1"', '"v-1"', '"v' + "9" * 30 + '"'])
async def test_what_was_never_an_etag_of_ours_is_a_bad_header(
    shop: httpx2.AsyncClient, tag: str
) -> None:
    problem_in(await shop.patch("/things", headers={"If-Match": tag}), 400, "invalid-header")


async def test_a_body_that_announces_too_much_is_refused_unread(shop: httpx2.AsyncClient) -> None:
    response = await shop.post("/orders", content=b" " * (BODY_LIMIT_BYTES + 1))
    problem = problem_in(response, 413, "content-too-large")
    assert problem["limit_bytes"] == BODY_LIMIT_BYTES
    assert response.headers["connection"] == "close"


async def test_a_body_that_grows_too_large_is_refused(shop: httpx2.AsyncClient) -> None:
    headers = {"content-type": "application/json"}
    body = in_pieces(20, BODY_LIMIT_BYTES // 10)
    response = await shop.post("/orders", content=body, headers=headers)
    problem_in(response, 413, "content-too-large")


async def test_a_body_of_exactly_the_limit_is_taken(shop: httpx2.AsyncClient) -> None:
    body = b'{"lines": []}'.ljust(BODY_LIMIT_BYTES)
    headers = {"content-type": "application/json"}
    assert (await shop.post("/orders", content=body, headers=headers)).status_code == 200


async def test_an_upload_counts_for_itself(shop: httpx2.AsyncClient) -> None:
    size_bytes = 2 * BODY_LIMIT_BYTES
    assert (await shop.post("/uploads/one", content=in_pieces(2, BODY_LIMIT_BYTES))).json() == {
        "size_bytes": size_bytes
    }


async def test_a_request_id_is_echoed_and_a_bad_one_replaced(shop: httpx2.AsyncClient) -> None:
    echoed = await shop.get("/things", headers={"X-Request-Id": "abc.1-2_3"})
    assert echoed.headers["x-request-id"] == "abc.1-2_3"
    for bad in ("with space", "x" * 65, "line\tbreak"):
        replaced = await shop.get("/things", headers={"X-Request-Id": bad})
        assert re.fullmatch(r"[0-9a-f-]{36}", replaced.headers["x-request-id"])


async def test_the_trace_of_the_caller_goes_on(shop: httpx2.AsyncClient) -> None:
    response = await shop.get("/things", headers={"traceparent": TRACEPARENT})
    child = response.headers["traceparent"]
    assert child.split("-")[1] == TRACEPARENT.split("-")[1]
    assert child != TRACEPARENT


@pytest.mark.parametrize("path", ["/nowhere", "/sold-out", "/defect", "/away", "/for/staff"])
async def test_every_problem_can_be_traced_to_its_request(
    shop: httpx2.AsyncClient, path: str
) -> None:
    response = await shop.get(path, headers={"X-Request-Id": "mine"})
    assert response.status_code >= 400
    assert response.headers["x-request-id"] == "mine"
    assert response.headers["traceparent"]


ROLES = {
    "anybody": {"anonymous", "customer", "staff", "admin", "service"},
    "customers": {"customer", "staff", "admin"},
    "staff": {"staff", "admin"},
    "admins": {"admin"},
    "services": {"service"},
}


@pytest.mark.parametrize("role", ["anonymous", "customer", "staff", "admin", "service"])
@pytest.mark.parametrize("audience", ROLES)
async def test_a_route_is_for_those_it_is_for(
    shop: httpx2.AsyncClient, audience: str, role: str
) -> None:
    token = INTERNAL_KEY if role == "service" else ISSUER.token(uuid4(), role)
    response = await shop.get(f"/for/{audience}", headers={"Authorization": f"Bearer {token}"})
    if role in ROLES[audience]:
        assert response.status_code == 200
    else:
        problem_in(response, 403, "forbidden")


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer x.y.z", "Basic YTpi", "nonsense"])
async def test_without_a_good_token_one_must_sign_in_first(
    shop: httpx2.AsyncClient, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = await shop.get("/for/anybody", headers=headers)
    problem_in(response, 401, "unauthenticated")
    assert response.headers["www-authenticate"].startswith("Bearer")


async def test_while_sign_in_is_away_a_token_can_be_neither_taken_nor_refused() -> None:
    from libs.web.tests.unit.shop import router

    from testkit.tokens import TokenIssuer

    issuer = TokenIssuer()
    issuer.is_away = True
    async with client_of(application_of(router, issuer=issuer)) as client:
        headers = issuer.authorization(uuid4(), "customer")
        response = await client.get("/for/anybody", headers=headers)
    problem_in(response, 503, "unavailable")


async def test_requests_are_counted_by_route_and_not_by_path(shop: httpx2.AsyncClient) -> None:
    await shop.get(f"/things/{uuid4()}")
    await shop.get(f"/nowhere/{uuid4()}")
    metrics = (await shop.get("/metrics")).text
    assert 'route="/things/{thing_id}"' in metrics
    assert 'route="unmatched"' in metrics
