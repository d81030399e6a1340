import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from rich.console import Console

from stack.demo.caller import Caller
from stack.demo.conversation import (
    ABOUT_THE_HANDBOOK,
    ABOUT_THE_SHOP,
    UNANSWERED,
    assistant_admits_what_it_does_not_know,
)
from stack.demo.expectations import DemoFailed
from stack.demo.scene import Scene
from stack.demo.story import STORY
from stack.layout import PROJECT_ROOT
from stack.report import Report
from stack.secrets import Secrets


@dataclass
class FakeDesk:
    """The public API by heart, for the one story; `wrong` bends single answers."""

    wrong: dict[str, Any] = field(default_factory=dict)
    roles: dict[str, list[str]] = field(default_factory=lambda: {"admin": ["admin"]})
    documents: dict[str, str] = field(default_factory=dict)
    balance: Decimal = Decimal(0)
    available: int = 0

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        key = f"{request.method} {request.url.path.removeprefix('/api/v1')}"
        for pattern, handle in self._routes.items():
            if found := re.fullmatch(pattern, key):
                answered = handle(request, *found.groups())
                if isinstance(answered, httpx2.Response):
                    return answered
                bent = self.wrong.get(handle.__name__, {})
                return httpx2.Response(200, json=answered | bent, headers={"ETag": '"1"'})
        return httpx2.Response(404, json={"title": f"No such thing: {key}"})

    @property
    def _routes(self) -> dict[str, Callable[..., dict[str, Any] | httpx2.Response]]:
        return {
            "POST /auth/login": self.login,
            "POST /auth/register": self.register,
            "GET /users/me": self.me,
            "GET /users/(.*)": self.user,
            "PATCH /users/(.*)": self.change_user,
            "POST /documents": self.upload,
            "GET /documents/(.*)": self.document,
            "POST /chat/conversations": lambda _: {"id": "c1", "status": "open"},
            "POST /chat/conversations/c1/messages": self.message,
            "POST /chat/conversations/c1/handoff": self.handoff,
            "POST /products": self.create_product,
            "GET /products/p1": self.product,
            "POST /accounts": lambda _: {"id": "a1"},
            "GET /accounts/a1": self.account,
            "POST /transactions": self.credit,
            "GET /transactions/t2": self.payment,
            "POST /orders": self.order,
            "GET /ledger/trial-balance": self.trial_balance,
        }

    def login(self, request: httpx2.Request) -> dict[str, Any]:
        return {"access_token": json.loads(request.content)["email"].split("@")[0]}

    def register(self, request: httpx2.Request) -> dict[str, Any]:
        name = json.loads(request.content)["email"].split("@")[0]
        self.roles[name] = ["customer"]
        return {"id": name}

    def me(self, request: httpx2.Request) -> dict[str, Any]:
        name = request.headers["Authorization"].removeprefix("Bearer ")
        return {"id": name, "email": name, "name": name, "roles": self.roles[name]}

    def user(self, _: httpx2.Request, name: str) -> dict[str, Any]:
        return {"id": name}

    def change_user(self, request: httpx2.Request, name: str) -> dict[str, Any]:
        assert request.headers["If-Match"] == '"1"'
        self.roles[name] = json.loads(request.content)["roles"]
        return {"roles": self.roles[name]}

    def upload(self, request: httpx2.Request) -> dict[str, Any]:
        (name,) = re.findall(rb'filename="([^"]+)"', request.content)
        self.documents[name.decode()] = f"document of {name.decode()}"
        return {"id": self.documents[name.decode()]}

    def document(self, _: httpx2.Request, _id: str) -> dict[str, Any]:
        counts = {"page_count": 7, "chunk_count": 20, "embedding_model": "minilm"}
        return {"status": "processed", "error": None, **counts}

    def message(self, request: httpx2.Request) -> httpx2.Response:
        question = json.loads(request.content)["content"]
        answer: dict[str, Any] = {"content": "I don't know.", "citations": []}
        answer["offers_handoff"] = question == UNANSWERED
        for known in (ABOUT_THE_HANDBOOK, ABOUT_THE_SHOP):
            if question == known.text:
                cited = {"document_id": self.documents[known.document], "page": known.page}
                answer["content"] = f"It is {known.answer_says}."
                answer["citations"] = [{**cited, "title": "The book", "quote": "…"}]
        deltas = [("delta", {"text": part}) for part in re.findall(r"\S+\s*", answer["content"])]
        events = [("accepted", {}), *deltas, ("message", answer | self.wrong.get("message", {}))]
        text = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events)
        return httpx2.Response(200, text=text, headers={"Content-Type": "text/event-stream"})

    def handoff(self, _: httpx2.Request) -> dict[str, Any]:
        return {"status": "waiting_for_staff"}

    def create_product(self, request: httpx2.Request) -> dict[str, Any]:
        product: dict[str, Any] = json.loads(request.content)
        self.available = product["stock"]
        return product | {"id": "p1"}

    def product(self, _: httpx2.Request) -> dict[str, Any]:
        return {"stock": {"available": self.available}}

    def account(self, _: httpx2.Request) -> dict[str, Any]:
        return {"available": str(self.balance)}

    def credit(self, request: httpx2.Request) -> dict[str, Any]:
        amount = json.loads(request.content)["amount"]
        self.balance += Decimal(amount)
        return {"status": "completed", "reference_id": "TXN-1", "amount": amount}

    def order(self, request: httpx2.Request) -> dict[str, Any]:
        assert request.headers["Prefer"].startswith("wait=")
        self.available -= json.loads(request.content)["lines"][0]["quantity"]
        self.balance -= Decimal("37.00")
        return {"id": "o1", "status": "confirmed", "total": "37.00", "transaction_id": "t2"}

    def payment(self, _: httpx2.Request) -> dict[str, Any]:
        return {"status": "completed", "amount": "37.00", "reference_id": "TXN-2"}

    def trial_balance(self, _: httpx2.Request) -> dict[str, Any]:
        euros = {"currency": "EUR", "debits": "87.00", "credits": "87.00", "difference": "0.00"}
        return {"balanced": True, "currencies": [euros]}


def _play(desk: FakeDesk, report: Report | None = None) -> None:
    def caller() -> Caller:
        return Caller("http://desk/api/v1", httpx2.MockTransport(desk.answer))

    secrets = Secrets(internal_key="key", admin_email="admin@desk", admin_password="password")
    scene = Scene(
        admin=caller(),
        staff=caller(),
        customer=caller(),
        operator=secrets,
        report=report or Report.silent(),
    )
    for step in STORY.values():
        step(scene)


def test_the_questions_are_those_of_the_samples() -> None:
    listed = (PROJECT_ROOT / "samples" / "README.md").read_text(encoding="utf-8")

    answered, unanswered = listed.split("## Questions they do not answer")
    for question in (ABOUT_THE_HANDBOOK, ABOUT_THE_SHOP):
        (line,) = (line for line in answered.splitlines() if question.text in line)
        assert question.document in line
        assert question.page is None or f"page {question.page}" in line
        assert question.answer_says in line
    assert UNANSWERED in unanswered


def test_the_story_runs_to_its_end_when_every_answer_is_right() -> None:
    _play(FakeDesk())


@pytest.mark.parametrize(
    ("request_name", "bent", "complaint"),
    [
        ("me", {"roles": []}, "the first admin has the roles"),
        ("change_user", {"roles": ["customer"]}, "the role wasn't given"),
        ("document", {"status": "failed", "error": "encrypted"}, "is failed: encrypted"),
        ("message", {"content": "something else"}, "isn't the message"),
        ("message", {"citations": []}, "doesn't cite handbook.pdf"),
        ("handoff", {"status": "open"}, "after the handoff the conversation is open"),
        ("product", {"stock": {"available": 3}}, "stock is"),
        ("account", {"available": "1.00"}, "has 1.00 available"),
        ("credit", {"status": "pending"}, "the top-up is pending"),
        ("order", {"status": "cancelled"}, "the order is cancelled"),
        ("order", {"total": "36.99"}, "total is 36.99"),
        ("payment", {"amount": "18.50"}, "the payment is 18.50"),
        ("trial_balance", {"balanced": False}, "don't balance"),
        ("trial_balance", {"currencies": []}, "names no currency"),
    ],
)
def test_a_wrong_answer_fails_the_demo_in_a_clear_sentence(
    request_name: str, bent: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(DemoFailed, match=complaint):
        _play(FakeDesk(wrong={request_name: bent}))


def test_a_guess_where_the_documents_say_nothing_fails_the_demo() -> None:
    guess = [{"document_id": "d", "page": 1, "title": "The book", "quote": "…"}]
    desk = FakeDesk(wrong={"message": {"citations": guess}})

    with pytest.raises(DemoFailed, match="a guess is backed by"):
        _play_only_the_unanswered(desk)


def test_an_unanswered_question_without_the_offer_of_a_person_fails_the_demo() -> None:
    with pytest.raises(DemoFailed, match="doesn't offer a person"):
        _play_only_the_unanswered(FakeDesk(wrong={"message": {"offers_handoff": False}}))


def _play_only_the_unanswered(desk: FakeDesk) -> None:
    customer = Caller("http://desk/api/v1", httpx2.MockTransport(desk.answer))
    scene = Scene(
        admin=customer,
        staff=customer,
        customer=customer,
        operator=Secrets(internal_key="", admin_email="", admin_password=""),
        report=Report.silent(),
        conversation={"id": "c1"},
    )
    assistant_admits_what_it_does_not_know(scene)


def test_the_order_is_told_in_the_words_of_the_shop() -> None:
    output = io.StringIO()

    _play(FakeDesk(), Report(Console(file=output)))

    told = "   2 × Club cap, navy at 18.50 EUR: 37.00 EUR, confirmed"  # noqa: RUF001
    assert told in output.getvalue().splitlines()
