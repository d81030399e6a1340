"""Reads go to the service that owns the thing, with the caller's own token."""

from collections.abc import Mapping
from typing import Annotated, Final

import httpx2
from fastapi import Depends, Request
from fastapi.responses import Response, StreamingResponse
from starlette.background import BackgroundTask

from telemetry.traces import current_traceparent
from web.problems import UNAVAILABLE, ProblemError

_PASSED_ON: Final = ("authorization", "if-none-match", "accept", "user-agent")
_GIVEN_BACK: Final = (
    "cache-control",
    "content-disposition",
    "content-length",
    "content-type",
    "etag",
    "retry-after",
    "vary",
    "www-authenticate",
    "x-content-type-options",
)


class Forwarder:
    """Calls the services of this deployment, each by its name, with bounded waits."""

    def __init__(
        self, http: httpx2.AsyncClient, urls: Mapping[str, str], internal_key: str
    ) -> None:
        self._http = http
        self._urls = urls
        self._internal_key = internal_key

    async def read(self, service: str, request: Request) -> Response:
        """The same GET at the owner, its body streamed back.

        Raises ProblemError (503) when the owner is away.
        """
        path = request.url.path.removeprefix("/api/v1")
        call = self._http.build_request(
            "GET",
            f"{self._urls[service]}{path}",
            params=httpx2.QueryParams(request.url.query),
            headers=self._headers(request),
        )
        answer = await self._send(service, call, stream=True)
        return StreamingResponse(
            answer.aiter_raw(),
            status_code=answer.status_code,
            headers=_given_back(answer),
            background=BackgroundTask(answer.aclose),
        )

    async def call(self, service: str, request: Request, *, body: str | None = None) -> Response:
        """The same synchronous call at the owner: for sign-in, which never enters Kafka."""
        path = request.url.path.removeprefix("/api/v1")
        headers = self._headers(request) | {
            "X-Internal-Key": self._internal_key,
            "X-Forwarded-For": request.client.host if request.client else "",
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
        call = self._http.build_request(
            request.method, f"{self._urls[service]}{path}", content=body, headers=headers
        )
        answer = await self._send(service, call)
        return Response(answer.content, status_code=answer.status_code, headers=_given_back(answer))

    async def upload(
        self, service: str, path: str, content: "httpx2.AsyncByteStream | object", **query: str
    ) -> httpx2.Response:
        """PUT a stream of bytes to the owner, as this deployment's gateway."""
        call = self._http.build_request(
            "PUT",
            f"{self._urls[service]}{path}",
            params=query,
            content=content,  # type: ignore[arg-type]
            headers={"Authorization": f"Bearer {self._internal_key}"},
        )
        return await self._send(service, call)

    async def _send(
        self, service: str, call: httpx2.Request, *, stream: bool = False
    ) -> httpx2.Response:
        try:
            return await self._http.send(call, stream=stream)
        except httpx2.HTTPError as error:
            problem = UNAVAILABLE.problem(f"{service} is away", service=service)
            raise ProblemError(problem, {"Retry-After": "2"}) from error

    @staticmethod
    def _headers(request: Request) -> dict[str, str]:
        passed = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        if traceparent := current_traceparent.get():
            passed["traceparent"] = traceparent
        return passed | {"Accept-Encoding": "identity"}


def _given_back(answer: httpx2.Response) -> dict[str, str]:
    return {name: answer.headers[name] for name in _GIVEN_BACK if name in answer.headers}


async def _forwarder(request: Request) -> Forwarder:
    forwarder: Forwarder = request.app.state.forwarder
    return forwarder


Forward = Annotated[Forwarder, Depends(_forwarder)]
