"""A service's HTTP in the process of the test, without a socket."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from fastapi import APIRouter, FastAPI

from contracts.problems import ProblemTable
from testkit.tokens import TokenIssuer
from web.app import create_app
from web.health import Check


def application_of(
    *routers: APIRouter,
    issuer: TokenIssuer | None = None,
    problems: ProblemTable | None = None,
    state: Mapping[str, Any] | None = None,
    checks: Mapping[str, Check] | None = None,
    is_transient: Callable[[BaseException], bool] = lambda _error: False,
    streamed: tuple[str, ...] = (),
) -> FastAPI:
    """An application with the routes of a service, as its main.py makes it but for messages."""
    return create_app(
        "test",
        routers=routers,
        verifier=(issuer or TokenIssuer()).verifier(),
        problems=problems or {},
        checks=checks or {},
        lifespan=_nothing_to_start,
        is_transient=is_transient,
        streamed=streamed,
        state=state,
    )


def client_of(app: FastAPI, **client: Any) -> httpx2.AsyncClient:
    """A client of that application; a defect inside is a response, as from a server."""
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://service.test", **client)


@asynccontextmanager
async def _nothing_to_start(_app: FastAPI) -> AsyncIterator[None]:
    yield
