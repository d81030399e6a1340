import json
from typing import Any

import pytest
from services.gateway.tests.integration.conftest import (
    UPLOAD_LIMIT_BYTES,
    RunningGateway,
    problem_in,
)
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from testkit.tokens import INTERNAL_KEY

STORED = {
    "content_type": "text/plain",
    "size_bytes": 5,
    "content_hash": "a" * 64,
}


@pytest.fixture
def sql_url(sqlite_url: str) -> str:
    """What is tested here is the same on every store."""
    return sqlite_url


@pytest.fixture(autouse=True)
def stored(gateway: RunningGateway) -> None:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        told = {
            "document_id": request.url.path.rsplit("/", 1)[1],
            "filename": request.query_params["filename"],
        }
        await JSONResponse(STORED | told)(scope, receive, send)

    gateway.owners.answers["/uploads"] = answer


async def upload(
    gateway: RunningGateway,
    content: bytes = b"hello",
    *,
    filename: str = "hours.txt",
    role: str = "staff",
    headers: dict[str, str] | None = None,
    **form: str,
) -> Any:
    files = {"file": (filename, content, "text/plain")}
    return await gateway.send(
        "POST", "/documents", role=role, files=files, data=form, headers=headers
    )


async def command_of(gateway: RunningGateway) -> dict[str, Any]:
    [command] = await gateway.commands()
    content: dict[str, Any] = json.loads(command.value)
    return content


async def test_the_bytes_go_to_ingest_and_the_command_says_what_to_do_with_them(
    gateway: RunningGateway,
) -> None:
    response = await upload(gateway, b"x" * 200_000, title=" Opening hours ")
    assert response.status_code == 202
    command = await command_of(gateway)
    assert (command["type"], command["title"]) == ("IngestDocument", "Opening hours")
    assert command["content_hash"] == STORED["content_hash"]
    [seen] = gateway.owners.seen
    assert (seen.service, seen.method) == ("ingest", "PUT")
    assert seen.path == f"/uploads/{command['document_id']}"
    assert seen.headers["authorization"] == f"Bearer {INTERNAL_KEY}"
    assert seen.body == b"x" * 200_000


@pytest.mark.parametrize(
    ("given", "filename", "title"),
    [
        ("hours.txt", "hours.txt", "hours"),
        ("../../etc/passwd", "passwd", "passwd"),
        ("..\\..\\boot.txt", "boot.txt", "boot"),
        (".", "document", "document"),
        ("x" * 300 + ".txt", "x" * 200, "x" * 200),
    ],
)
async def test_a_file_is_called_by_the_last_part_of_its_name(
    gateway: RunningGateway, given: str, filename: str, title: str
) -> None:
    await upload(gateway, filename=given)
    command = await command_of(gateway)
    assert (command["filename"], command["title"]) == (filename, title)


async def test_a_file_that_is_too_large_is_refused_and_nothing_is_accepted(
    gateway: RunningGateway,
) -> None:
    response = await upload(gateway, b"x" * (UPLOAD_LIMIT_BYTES + 1))
    problem_in(response, 413, "content-too-large")
    assert not await gateway.commands()
    assert not gateway.owners.seen


async def test_a_file_that_ingest_refuses_is_not_accepted(gateway: RunningGateway) -> None:
    problem = {
        "type": "/problems/unsupported-format",
        "title": "This kind of file can't be read",
        "status": 415,
        "content_type": "application/zip",
    }
    gateway.owners.answers["/uploads"] = JSONResponse(problem, status_code=415)
    answer = problem_in(await upload(gateway), 415, "unsupported-format")
    assert answer["content_type"] == "application/zip"
    assert not await gateway.commands()


async def test_without_ingest_nothing_is_accepted(gateway: RunningGateway) -> None:
    gateway.owners.away.add("ingest")
    response = await upload(gateway)
    problem_in(response, 503, "unavailable")
    assert response.headers["retry-after"] == "2"
    assert not await gateway.commands()


async def test_documents_are_for_staff(gateway: RunningGateway) -> None:
    problem_in(await upload(gateway, role="customer"), 403, "forbidden")
    assert not gateway.owners.seen


async def test_a_form_without_a_file_is_not_valid(gateway: RunningGateway) -> None:
    response = await gateway.send("POST", "/documents", role="staff", data={"title": "Hours"})
    problem = problem_in(response, 422, "invalid-request")
    assert problem["errors"][0]["pointer"] == "/file"


@pytest.mark.parametrize("title", ["a\0b", "x" * 201])
async def test_a_title_that_no_store_could_keep_is_not_valid(
    gateway: RunningGateway, title: str
) -> None:
    problem_in(await upload(gateway, title=title), 422, "invalid-request")
    assert not gateway.owners.seen


async def test_a_form_that_breaks_off_is_a_problem(gateway: RunningGateway) -> None:
    response = await gateway.send(
        "POST",
        "/documents",
        role="staff",
        content=b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n',
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert response.status_code in {400, 422}
    assert response.headers["content-type"] == "application/problem+json"


async def test_the_same_file_under_the_same_key_is_the_same_operation(
    gateway: RunningGateway,
) -> None:
    key = {"Idempotency-Key": "key"}
    answers = [await upload(gateway, headers=key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    other = await upload(gateway, headers=key, title="Another title")
    problem_in(other, 422, "idempotency-key-reused")
    assert len(await gateway.commands()) == 1
