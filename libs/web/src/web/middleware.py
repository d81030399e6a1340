"""Plain ASGI middleware: request ids and trace context, limits, metrics."""

import logging
import re
import time
from collections.abc import Callable
from typing import Final

import structlog
from prometheus_client import Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.ids import new_id
from telemetry.traces import child_of, current_traceparent
from web.problems import TOO_LARGE, problem_response, unforeseen

log = logging.getLogger(__name__)

DURATION: Final = Histogram(
    "frontdesk_http_request_seconds",
    "Time to the end of the response",
    ["method", "route", "status"],
)
_UNLOGGED: Final = ("/health", "/metrics")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestContext:
    """Gives each request an id and a span, echoes both, counts and logs it by route.

    The log has the route and never the path, whose ids are somebody's.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else str(new_id())
        traceparent = child_of(headers.get("traceparent"))
        started, status = time.perf_counter(), 500

        async def send_with_context(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                out = MutableHeaders(scope=message)
                out["X-Request-Id"] = request_id
                out["traceparent"] = traceparent
            await send(message)

        token = current_traceparent.set(traceparent)
        try:
            with structlog.contextvars.bound_contextvars(
                request_id=request_id, traceparent=traceparent
            ):
                await self._app(scope, receive, send_with_context)
        finally:
            current_traceparent.reset(token)
            _account_for(scope, request_id, status, time.perf_counter() - started)


def _account_for(scope: Scope, request_id: str, status: int, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", "unmatched")
    DURATION.labels(scope["method"], route, status).observe(seconds)
    if not scope["path"].startswith(_UNLOGGED):
        told = {"request_id": request_id, "ms": round(seconds * 1_000, 1)}
        log.info("%s %s %d", scope["method"], route, status, extra=told)


class Unforeseen:
    """Answers to what nothing inside has caught: 503 to an outage, 500 to a defect.

    It stands inside RequestContext, so that these answers, too, can be traced to their request.
    """

    def __init__(self, app: ASGIApp, is_transient: Callable[[BaseException], bool]) -> None:
        self._app = app
        self._is_transient = is_transient

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI. An error after the beginning of the response is raised."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def send_watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_watched)
        except Exception as error:
            if has_begun:
                raise
            answer = unforeseen(Request(scope), error, is_outage=self._is_transient(error))
            await answer(scope, receive, send)


class BodyLimit:
    """Answers 413 to a body of more than `limit_bytes`, announced or not.

    A body that wasn't announced is cut off by an HTTPException where it is read.

    Paths that start with one of `streamed` are left alone: they count for themselves.
    """

    def __init__(self, app: ASGIApp, limit_bytes: int, streamed: tuple[str, ...] = ()) -> None:
        self._app = app
        self._limit_bytes = limit_bytes
        self._streamed = streamed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or (self._streamed and scope["path"].startswith(self._streamed)):
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdecimal() and int(announced) > self._limit_bytes:
            await self._refuse(scope, receive, send)
            return
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit_bytes:
                raise HTTPException(413, f"at most {self._limit_bytes} bytes")
            return message

        await self._app(scope, receive_limited, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = TOO_LARGE.problem(
            f"at most {self._limit_bytes} bytes", limit_bytes=self._limit_bytes
        )
        await problem_response(problem, {"Connection": "close"})(scope, receive, send)
