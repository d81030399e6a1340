import asyncio
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
import pytest
from services.gateway.tests.fakes import EVE
from services.gateway.tests.integration.conftest import RunningGateway, problem_in

from contracts.problems import Problem
from testkit.waiting import until

MESSAGE = {"id": str(EVE), "role": "assistant", "content": "We open at nine."}


@pytest.fixture
def sql_url(sqlite_url: str) -> str:
    """What is tested here is the same on every store."""
    return sqlite_url


@dataclass
class Event:
    name: str
    data: Any
    id: int | None


def events_in(response: httpx2.Response) -> list[Event]:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/event-stream")
    events = []
    for block in response.text.strip().split("\n\n"):
        lines = dict(line.split(": ", maxsplit=1) for line in block.split("\n"))
        number = lines.get("id")
        events.append(
            Event(
                lines["event"], json.loads(lines["data"]), None if number is None else int(number)
            )
        )
    return events


async def ask(gateway: RunningGateway, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return await gateway.send(
        "POST",
        f"/chat/conversations/{EVE}/messages",
        role="anonymous",
        json={"content": "When do you open?"},
        headers={"Accept": "text/event-stream"} | named,
    )


async def test_an_answer_streams_and_ends_with_the_message(gateway: RunningGateway) -> None:
    async with gateway.waiting(lambda: ask(gateway)) as (operation_id, answer):
        await gateway.streams.write(operation_id, "We ", "open ")
        await gateway.outcome(operation_id, result=MESSAGE)
        response = await answer
    first, *deltas, last = events_in(response)
    assert (first.name, first.data["operation_id"]) == ("accepted", str(operation_id))
    assert {event.name for event in deltas} == {"delta"}
    assert "".join(event.data["text"] for event in deltas) == MESSAGE["content"]
    assert [event.id for event in deltas] == list(range(1, len(deltas) + 1))
    assert (last.name, last.data, last.id) == ("message", MESSAGE, len(deltas) + 1)
    assert response.headers["location"] == f"/api/v1/operations/{operation_id}"


async def test_the_events_have_one_line_of_data_whatever_the_text(gateway: RunningGateway) -> None:
    text = "nine\nten\r\n“eleven”\u2028"
    async with gateway.waiting(lambda: ask(gateway)) as (operation_id, answer):
        await gateway.outcome(operation_id, result=MESSAGE | {"content": text})
        _, delta, message = events_in(await answer)
    assert (delta.data["text"], message.data["content"]) == (text, text)


async def test_a_stream_that_broke_off_goes_on_after_the_last_event(
    gateway: RunningGateway,
) -> None:
    async with gateway.waiting(lambda: ask(gateway, idempotency_key="key")) as (operation_id, _):
        await gateway.streams.write(operation_id, "We ", "open ", "at ")
    await gateway.outcome(operation_id, result=MESSAGE)
    _, *deltas, last = events_in(await ask(gateway, idempotency_key="key", last_event_id="2"))
    assert "".join(event.data["text"] for event in deltas) == "at nine."
    assert (last.name, len(await gateway.commands())) == ("message", 1)


@pytest.mark.parametrize("last", ["-1", "x", "9" * 5_000])
async def test_a_last_event_id_that_is_none_starts_at_the_beginning(
    gateway: RunningGateway, last: str
) -> None:
    async with gateway.waiting(lambda: ask(gateway, last_event_id=last)) as (operation_id, answer):
        await gateway.outcome(operation_id, result=MESSAGE)
        _, delta, _ = events_in(await answer)
    assert delta.data["text"] == MESSAGE["content"]


async def test_a_refused_question_ends_with_its_problem(gateway: RunningGateway) -> None:
    problem = Problem(type="/problems/conversation-not-found", title="No such thing", status=404)
    async with gateway.waiting(lambda: ask(gateway)) as (operation_id, answer):
        await gateway.outcome(operation_id, state="refused", result=None, problem=problem)
        _, last = events_in(await answer)
    assert (last.name, last.data) == ("problem", problem.model_dump(exclude_none=True))


async def test_an_answer_can_be_waited_for_as_a_whole(gateway: RunningGateway) -> None:
    def request() -> Any:
        return ask(gateway, accept="application/json", prefer="wait=5")

    async with gateway.waiting(request) as (operation_id, answer):
        await gateway.outcome(operation_id, result=MESSAGE)
        response = await answer
    assert (response.status_code, response.json()) == (201, MESSAGE)


async def test_a_question_that_is_not_valid_is_a_plain_problem(gateway: RunningGateway) -> None:
    response = await gateway.send(
        "POST",
        f"/chat/conversations/{EVE}/messages",
        json={"content": "  "},
        headers={"Accept": "text/event-stream"},
    )
    problem_in(response, 422, "invalid-request")
    assert not await gateway.commands()


async def test_an_operation_streams_its_change(gateway: RunningGateway) -> None:
    operation_id = UUID((await gateway.open_account()).json()["id"])

    def watch() -> Any:
        return gateway.send("GET", f"/operations/{operation_id}/events")

    answer = asyncio.create_task(watch())
    await until(lambda: gateway.waiters.is_waited_for(operation_id))
    await gateway.outcome(operation_id, result={"n": 1})
    accepted, ended = events_in(await answer)
    assert (accepted.name, accepted.data["state"], accepted.id) == ("accepted", "accepted", 1)
    assert (ended.name, ended.data["result"], ended.id) == ("succeeded", {"n": 1}, 2)
    [only] = events_in(await watch())
    assert only.name == "succeeded"
