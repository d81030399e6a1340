"""Wrong bodies, tokens, ids and uploads: a problem document each, and the stack stays healthy."""

from typing import Any
from uuid import uuid4

import pytest

from stack.embedded import Stack
from tests.frontdesk import Frontdesk, Person

NOWHERE = "01920000-0000-7000-8000-000000000000"

REQUESTS: list[tuple[str, str, dict[str, Any], int]] = [
    ("POST", "/accounts", {"body": {"currency": "EURO"}}, 422),
    ("POST", "/accounts", {"body": {"currency": "EUR", "owner_id": "me"}}, 422),
    ("POST", "/accounts", {"content": b"{", "headers": {"Content-Type": "application/json"}}, 422),
    ("POST", "/accounts", {"body": {"currency": "EUR", "name": "x" * 400_000}}, 413),
    ("GET", f"/accounts/{NOWHERE}", {}, 404),
    ("GET", "/accounts/not-an-id", {}, 404),
    ("GET", "/accounts?limit=1000", {}, 400),
    ("GET", "/accounts?colour=red", {}, 400),
    ("GET", "/accounts?after=nonsense", {}, 400),
    ("GET", "/products?q=%00", {}, 400),
    ("GET", f"/operations/{NOWHERE}", {}, 404),
    ("GET", "/nowhere", {}, 404),
    ("DELETE", "/accounts", {}, 405),
    ("PATCH", "/users/me", {"body": {"name": "Kim"}}, 428),
    ("PATCH", "/users/me", {"body": {"name": "Kim"}, "headers": {"If-Match": '"v99"'}}, 412),
    ("POST", f"/orders/{NOWHERE}/cancel", {}, 404),
]


@pytest.mark.parametrize(("method", "path", "request_", "status"), REQUESTS)
def test_bad_input_gets_a_problem_document(
    customer: Person, method: str, path: str, request_: dict[str, Any], status: int
) -> None:
    headers = {"Prefer": "wait=30"} | request_.get("headers", {})

    response = customer.send(method, path, **(request_ | {"headers": headers}))

    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert problem["type"].startswith("/problems/")
    assert "Traceback" not in response.text


@pytest.mark.parametrize("token", ["x", "a.b.c", "é"])
def test_a_wrong_token_gets_a_401_and_a_challenge(frontdesk: Frontdesk, token: str) -> None:
    authorization = [(b"Authorization", f"Bearer {token}".encode("latin-1"))]

    response = frontdesk.stranger().http.get("/accounts", headers=authorization)

    assert response.status_code == 401, response.text
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_unreadable_and_oversized_uploads_are_refused_and_leave_no_document(
    staff: Person, stack: Stack
) -> None:
    before = len(staff.get("/documents?limit=100")["items"])
    uploads = {
        "broken.pdf": (b"%PDF-1.7\nnothing of a PDF follows", {422}),
        "program.exe": (b"MZ\x90\x00" + bytes(2_000), {415}),
        "huge.txt": (b"far too much\n" * 2_200_000, {413}),
    }
    for name, (content, statuses) in uploads.items():
        response = staff.send(
            "POST", "/documents", files={"file": (name, content)}, headers={"Prefer": "wait=30"}
        )
        assert response.status_code in statuses, f"{name}: {response.text}"
        assert response.headers["Content-Type"] == "application/problem+json"
    searchable = [
        document
        for document in staff.get("/documents?limit=100")["items"]
        if document["status"] == "processed"
    ]
    assert len(searchable) <= before
    assert stack.status().healthy


def test_a_customer_can_not_do_what_staff_do(customer: Person) -> None:
    product = {"sku": "X", "name": "X", "price": "1.00", "currency": "EUR"}
    credit = {
        "type": "credit",
        "account_id": str(uuid4()),
        "amount": "1.00",
        "currency": "EUR",
    }
    refused = [
        customer.send("POST", "/products", product),
        customer.send("POST", "/transactions", credit),
        customer.send("GET", "/ledger/trial-balance"),
        customer.send("GET", "/users"),
        customer.send("POST", "/documents", files={"file": ("a.md", b"# a")}),
    ]
    assert {response.status_code for response in refused} == {403}
