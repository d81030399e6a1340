"""The application factory: the same habits in every service."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import httpx2
from fastapi import APIRouter, FastAPI

from contracts.problems import ProblemTable
from web.callers import TokenVerifier
from web.health import Check, health_router
from web.middleware import BodyLimit, RequestContext, Unforeseen
from web.problems import install_problem_handlers

BODY_LIMIT_BYTES: Final = 256 * 1024


def create_app(
    title: str,
    *,
    routers: Sequence[APIRouter],
    verifier: TokenVerifier,
    problems: ProblemTable,
    checks: Mapping[str, Check],
    alive_checks: Mapping[str, Check] | None = None,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]],
    is_transient: Callable[[BaseException], bool] = lambda _error: False,
    streamed: tuple[str, ...] = (),
    metrics_key: str | None = None,
    state: Mapping[str, Any] | None = None,
    **fastapi: Any,
) -> FastAPI:
    """A FastAPI application with problem documents, limits, request context, health and metrics.

    `state` is what the routes find on `request.app.state`; `streamed` are path prefixes whose
    bodies have no general size limit; with a `metrics_key` the metrics need it as a bearer token;
    further arguments go to FastAPI.
    """
    documentation = {"openapi_url": None, "docs_url": None, "redoc_url": None} | fastapi
    app = FastAPI(title=title, lifespan=lifespan, **documentation)
    app.state.verifier = verifier
    for name, value in (state or {}).items():
        setattr(app.state, name, value)
    for router in (health_router(checks, metrics_key, alive_checks or {}), *routers):
        app.include_router(router)
    install_problem_handlers(app, problems)
    app.add_middleware(BodyLimit, limit_bytes=BODY_LIMIT_BYTES, streamed=streamed)
    app.add_middleware(Unforeseen, is_transient=is_transient)
    app.add_middleware(RequestContext)
    return app


def internal_client(timeout_s: float = 10.0) -> httpx2.AsyncClient:
    """A client for calls inside the deployment, with bounded waits."""
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(timeout_s, connect=2.0),
        limits=httpx2.Limits(max_connections=100, max_keepalive_connections=20),
        trust_env=False,
    )
