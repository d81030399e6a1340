"""The gateway in the process of a test: its HTTP without a socket, its messages without a broker.

Behind it stands a stand-in for the services that own things.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from services.gateway.tests.fakes import ADA, FakeStreams, an_outcome
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from contracts.ids import new_id
from contracts.topics import GATEWAY_OUTCOMES
from gateway.adapters.sql import SqlBeginWork, SqlGatewayWork, SqlOperationReads
from gateway.adapters.tables import delivery
from gateway.application.accept_command import AcceptCommand
from gateway.application.record_outcome import RecordOutcome
from gateway.application.stream_answer import StreamAnswer
from gateway.application.waiters import Waiters
from gateway.entrypoints import kafka
from gateway.entrypoints.http.forwarding import Forwarder
from gateway.entrypoints.http.public import public_router
from gateway.entrypoints.problems import PROBLEMS
from gateway.main import middleware
from gateway.settings import GatewaySettings
from messaging.envelope import Outgoing
from storage.database import Database
from storage.delivery_store import SqlDeliveryStore
from testkit.applications import client_of
from testkit.migrations import migrate
from testkit.records import record_of
from testkit.tokens import INTERNAL_KEY, TokenIssuer
from testkit.waiting import until
from testkit.workbench import Workbench
from web.app import create_app

MIGRATIONS = Path(__file__).parents[2] / "migrations"
UPLOAD_LIMIT_BYTES = 300_000

GatewayBench = Workbench[SqlDeliveryStore[SqlGatewayWork]]


@dataclass
class Seen:
    """A request as it reached the owner of a thing."""

    service: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Owners(httpx2.AsyncBaseTransport):
    """All services behind the gateway: each answers what `answers` says of a path.

    `away` are the services that nobody can reach.
    """

    answers: dict[str, ASGIApp] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    away: set[str] = field(default_factory=set)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.host in self.away:
            raise httpx2.ConnectError("connection refused", request=request)
        return await httpx2.ASGITransport(self._answer).handle_async_request(request)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        seen = Seen(
            service=request.url.hostname or "",
            method=request.method,
            path=request.url.path,
            query=request.url.query,
            headers=dict(request.headers),
            body=await request.body(),
        )
        self.seen.append(seen)
        for path, answer in self.answers.items():
            if seen.path.startswith(path):
                await answer(scope, receive, send)
                return
        await JSONResponse({"at": seen.path})(scope, receive, send)


@dataclass
class RunningGateway:
    app: FastAPI
    client: httpx2.AsyncClient
    bench: GatewayBench
    issuer: TokenIssuer
    owners: Owners
    waiters: Waiters
    streams: FakeStreams

    async def send(
        self,
        method: str,
        path: str,
        *,
        by: UUID | None = ADA,
        role: str = "customer",
        headers: Mapping[str, str] | None = None,
        **content: Any,
    ) -> httpx2.Response:
        known = {} if by is None else self.issuer.authorization(by, role)
        return await self.client.request(
            method, f"/api/v1{path}", headers=known | dict(headers or {}), **content
        )

    async def open_account(self, currency: str = "EUR", **headers: str) -> httpx2.Response:
        """A write like any other."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.send("POST", "/accounts", json={"currency": currency}, headers=named)

    @asynccontextmanager
    async def waiting(
        self, request: Callable[[], Any]
    ) -> AsyncIterator[tuple[UUID, "asyncio.Task[httpx2.Response]"]]:
        """A request that waits for its operation: the operation's id, and the answer to be."""
        before = len(await self.commands())
        task: asyncio.Task[httpx2.Response] = asyncio.create_task(request())
        await until(lambda: self._has_more_than(before))
        operation_id = UUID((await self.commands())[-1].headers["ce_id"])
        await until(lambda: self.waiters.is_waited_for(operation_id))
        try:
            yield operation_id, task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def outcome(self, operation_id: UUID, **values: Any) -> None:
        """The outcome of a command arrives from the service that handled it."""
        await self.bench.consume(record_of(an_outcome(operation_id, **values)))

    async def commands(self) -> list[Outgoing]:
        return await self.bench.sent()

    async def _has_more_than(self, count: int) -> bool:
        return len(await self.commands()) > count


@asynccontextmanager
async def _bench(url: str, waiters: Waiters) -> AsyncIterator[GatewayBench]:
    bench = Workbench(
        "gateway",
        SqlDeliveryStore("gateway", url, delivery, SqlGatewayWork, outcomes=GATEWAY_OUTCOMES),
        handlers=kafka.handlers(RecordOutcome(waiters)),
        problems=PROBLEMS,
    )
    bench.consumer.after_commit = waiters.wake
    async with bench.running():
        yield bench


@asynccontextmanager
async def _nothing_to_start(_app: FastAPI) -> AsyncIterator[None]:
    yield


def settings(url: str) -> GatewaySettings:
    return GatewaySettings(
        database_url=url,
        internal_key=SecretStr(INTERNAL_KEY),
        upload_limit_bytes=UPLOAD_LIMIT_BYTES,
        origins=("https://shop.example",),
    )


@pytest.fixture
async def gateway(sql_url: str) -> AsyncIterator[RunningGateway]:
    migrate(sql_url, MIGRATIONS)
    db, issuer, owners, streams = Database(sql_url), TokenIssuer(), Owners(), FakeStreams()
    reads = SqlOperationReads(db)
    waiters = Waiters(reads)
    names = ("auth", "catalog", "chat", "ingest", "ledger")
    async with _bench(sql_url, waiters) as bench, httpx2.AsyncClient(transport=owners) as inside:
        app = create_app(
            "Frontdesk gateway",
            routers=[public_router()],
            verifier=issuer.verifier(),
            problems=PROBLEMS,
            checks={},
            lifespan=_nothing_to_start,
            is_transient=bench.delivery.store.is_transient,
            state={
                "accept": AcceptCommand(begin=SqlBeginWork(bench.delivery.store)),
                "forwarder": Forwarder(
                    inside, {name: f"http://{name}" for name in names}, INTERNAL_KEY
                ),
                "reads": reads,
                "stream_answer": StreamAnswer(streams=streams, waiters=waiters, at_most_s=10),
                "waiters": waiters,
            },
            streamed=("/api/v1/documents",),
            middleware=middleware(settings(sql_url)),
        )
        async with client_of(app) as client:
            yield RunningGateway(app, client, bench, issuer, owners, waiters, streams)
    await db.close()


def problem_in(response: httpx2.Response, status: int, slug: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert (problem["type"], problem["status"]) == (f"/problems/{slug}", status)
    return problem


def an_account(**values: Any) -> dict[str, Any]:
    return {"id": str(new_id()), "currency": "EUR", "version": 1} | values
