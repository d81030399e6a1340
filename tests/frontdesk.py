"""The public API as tests use it: one client per person, and waiting for outcomes."""

import json
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2

SETTLED_WITHIN_S = 90
PASSWORD = "a long enough password"

Resource = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in, or a stranger without a token."""

    http: httpx2.Client
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, body: Any = None, **request: Any) -> httpx2.Response:
        headers = self.headers | request.pop("headers", {})
        return self.http.request(method, path, json=body, headers=headers, **request)

    def get(self, path: str) -> Resource:
        response = self.send("GET", path)
        assert response.status_code == 200, f"GET {path}: {response.status_code} {response.text}"
        return dict(response.json())

    def command(self, path: str, body: Any = None, **request: Any) -> Resource:
        """Send a command and wait for its result; it must succeed."""
        operation = self.accept(path, body, **request)
        ended = self.outcome(operation["id"])
        assert ended["state"] == "succeeded", ended
        return dict(ended["result"])

    def accept(self, path: str, body: Any = None, **request: Any) -> Resource:
        """Send a command; it must be accepted."""
        response = self.send(request.pop("method", "POST"), path, body, **request)
        assert response.status_code == 202, f"{path}: {response.status_code} {response.text}"
        return dict(response.json())

    def outcome(self, operation_id: str) -> Resource:
        """The operation once it is no longer `accepted`, as its event stream tells."""
        deadline = time.monotonic() + SETTLED_WITHIN_S
        while time.monotonic() < deadline:
            path = f"/operations/{operation_id}/events"
            with self.http.sse(path, headers=self.headers) as events:
                assert events.response.status_code == 200, events.response.read()
                for event in events:
                    if event.event != "accepted":
                        return dict(json.loads(event.data))
        raise AssertionError(f"{operation_id} has no outcome after {SETTLED_WITHIN_S} s")


@dataclass(frozen=True)
class Frontdesk:
    """A running stack, seen through its public API alone."""

    url: str
    admin_email: str
    admin_password: str

    def stranger(self) -> Person:
        return Person(httpx2.Client(base_url=f"{self.url}/api/v1", timeout=40, trust_env=False))

    def admin(self) -> Person:
        return self.signed_in(self.admin_email, self.admin_password)

    def customer(self, name: str = "Kim") -> Person:
        """Somebody new, registered and signed in."""
        email = f"{name.lower()}-{uuid4().hex[:12]}@home.example"
        stranger = self.stranger()
        body = {"email": email, "password": PASSWORD, "name": name}
        registered = stranger.send("POST", "/auth/register", body)
        assert registered.status_code == 201, registered.text
        return self.signed_in(email, PASSWORD)

    def signed_in(self, email: str, password: str) -> Person:
        stranger = self.stranger()
        answer = stranger.send("POST", "/auth/login", {"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        token = answer.json()["access_token"]
        return Person(stranger.http, {"Authorization": f"Bearer {token}"})


def open_account(customer: Person, staff: Person, amount: str) -> str:
    """An account of the customer with that much EUR; returns its id."""
    account_id = str(customer.command("/accounts", {"currency": "EUR"})["id"])
    staff.command(
        "/transactions",
        {"type": "credit", "account_id": account_id, "amount": amount, "currency": "EUR"},
    )
    return account_id


def create_product(staff: Person, *, price: str, stock: int) -> str:
    """A product with a new SKU; returns its id."""
    sku = f"SKU-{uuid4().hex[:12]}"
    body = {"sku": sku, "name": "Club cap", "price": price, "currency": "EUR", "stock": stock}
    return str(staff.command("/products", body)["id"])
