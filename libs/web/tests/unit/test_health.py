import asyncio

import pytest

from testkit.applications import application_of, client_of
from web import health


class Part:
    """Something that a service depends on."""

    def __init__(self) -> None:
        self.error: Exception | None = None

    async def check(self) -> None:
        if self.error:
            raise self.error


async def test_a_service_is_ready_when_all_its_parts_are() -> None:
    store, messages = Part(), Part()
    app = application_of(checks={"store": store.check, "messages": messages.check})
    async with client_of(app) as client:
        ready = await client.get("/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (200, "ready")
        messages.error = ConnectionError("no broker")
        away = await client.get("/health/ready")
        assert away.status_code == 503
        assert away.json()["checks"] == {"store": "ok", "messages": "no broker"}
        messages.error = None
        assert (await client.get("/health/ready")).status_code == 200


async def test_a_part_that_does_not_answer_is_not_waited_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "CHECK_S", 0.01)

    async def hang() -> None:
        await asyncio.Event().wait()

    async with client_of(application_of(checks={"store": hang})) as client:
        response = await client.get("/health/ready")
    assert response.status_code == 503
    assert "no answer" in response.json()["checks"]["store"]


async def test_a_service_that_is_not_ready_is_alive() -> None:
    part = Part()
    part.error = ConnectionError()
    async with client_of(application_of(checks={"store": part.check})) as client:
        assert (await client.get("/health/live")).json() == {"status": "alive", "checks": {}}
        assert (await client.get("/health/ready")).json()["checks"] == {"store": "ConnectionError"}


async def test_a_service_counts_what_it_does() -> None:
    async with client_of(application_of()) as client:
        await client.get("/health/live")
        metrics = await client.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    assert "frontdesk_http_request_seconds_count" in metrics.text
