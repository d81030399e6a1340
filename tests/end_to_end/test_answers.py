import json
from pathlib import Path

import httpx2
import pytest

from tests.frontdesk import Frontdesk, Person

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture
def handbook(staff: Person) -> str:
    """The id of the uploaded handbook; uploading it again names the same document."""
    content = (SAMPLES / "handbook.pdf").read_bytes()
    response = staff.send(
        "POST",
        "/documents",
        files={"file": ("handbook.pdf", content, "application/pdf")},
        headers={"Prefer": "wait=30"},
    )
    if response.status_code == 409:
        return str(response.json()["document_id"])
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def test_an_answer_streams_and_cites_document_and_page(frontdesk: Frontdesk, handbook: str) -> None:
    visitor = _visitor(frontdesk)
    events = _ask(visitor, "How much does an adult membership cost per year?")

    assert events[0][0] == "accepted"
    message = json.loads(events[-1][1])
    assert events[-1][0] == "message"
    assert "360" in message["content"]
    assert message["citations"][0]["document_id"] == handbook
    assert message["citations"][0]["page"] == 2
    deltas = [json.loads(data)["text"] for event, data in events if event == "delta"]
    assert "".join(deltas) == message["content"]
    assert len(deltas) > 1


@pytest.mark.usefixtures("handbook")
def test_what_the_documents_do_not_say_is_not_answered_but_a_person_is_offered(
    frontdesk: Frontdesk,
) -> None:
    events = _ask(_visitor(frontdesk), "What is the password of the wireless network?")

    message = json.loads(events[-1][1])
    assert (message["citations"], message["offers_handoff"]) == ([], True)


def test_another_visitor_finds_no_such_conversation(frontdesk: Frontdesk) -> None:
    visitor, other = _visitor(frontdesk), _visitor(frontdesk)
    conversation = visitor.command("/chat/conversations", {})

    path = f"/chat/conversations/{conversation['id']}"
    assert visitor.get(path)["status"] == "open"
    assert other.send("GET", path).status_code == 404
    refused = other.send(
        "POST", f"{path}/messages", {"content": "hello"}, headers={"Prefer": "wait=30"}
    )
    assert refused.status_code == 404


def _visitor(frontdesk: Frontdesk) -> Person:
    stranger = frontdesk.stranger()
    token = stranger.send("POST", "/auth/anonymous").json()["access_token"]
    return Person(stranger.http, {"Authorization": f"Bearer {token}"})


def _ask(visitor: Person, question: str) -> list[tuple[str, str]]:
    conversation = visitor.command("/chat/conversations", {})
    path = f"/chat/conversations/{conversation['id']}/messages"
    with visitor.http.sse(
        path, method="POST", json={"content": question}, headers=visitor.headers
    ) as source:
        assert isinstance(source.response, httpx2.Response)
        assert source.response.status_code == 200, source.response.read()
        return [(event.event, event.data) for event in source]
