"""Writes are commands: 202 with the operation's address, or its outcome with `Prefer: wait`."""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Header, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, StringConstraints

from contracts.contract import Command
from contracts.gateway import OperationView
from gateway.application.accept_command import AcceptCommand
from gateway.application.waiters import Waiters
from gateway.domain.operation import Operation
from gateway.domain.refusals import StillInFlight
from web.callers import Caller
from web.conditional import etag
from web.problems import problem_response

LONGEST_WAIT_S: Final = 30
OPERATIONS: Final = "/api/v1/operations"
_WAIT: Final = re.compile(r'(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?\s*(?:$|[,;])', re.IGNORECASE)

IdempotencyKey = Annotated[
    Annotated[str, StringConstraints(min_length=1, max_length=255)] | None,
    Header(
        alias="Idempotency-Key",
        description="Makes a repeated request the same operation for 24 hours",
    ),
]
Prefer = Annotated[
    str | None, Header(alias="Prefer", description="`wait=5`: the result itself, within 5 s")
]

ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    202: {"model": OperationView, "description": "Accepted; `Location` is the operation"},
}


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One write of one caller. Routes make the command and call this with it."""

    request: Request
    key: str | None
    wait_s: int | None

    async def __call__(
        self,
        command: Command,
        caller: Caller,
        body: BaseModel | str | None = None,
        *,
        creates: bool = False,
        command_id: UUID | None = None,
    ) -> Response:
        """Accept the command and answer as the client prefers.

        `body` is what the client sent, for the fingerprint; `creates`: success is 201;
        `command_id`: a new id that the command is sent under, where it matters which.
        """
        operation = await self.accept(command, caller, body, command_id=command_id)
        if self.wait_s is None:
            return _accepted(_view(operation))
        waiters: Waiters = self.request.app.state.waiters
        if not operation.is_finished and waiters.is_waited_for(operation.id):
            raise StillInFlight(operation.id)
        view = await waiters.wait(operation.id, at_most_s=self.wait_s)
        response = _accepted(view) if view.state == "accepted" else _outcome(view, creates)
        response.headers["Preference-Applied"] = f"wait={self.wait_s}"
        return response

    async def accept(
        self,
        command: Command,
        caller: Caller,
        body: BaseModel | str | None = None,
        *,
        command_id: UUID | None = None,
    ) -> Operation:
        """Accept the command, whatever the client prefers to get."""
        accept: AcceptCommand = self.request.app.state.accept
        content = body.model_dump_json() if isinstance(body, BaseModel) else body or ""
        place = f"{self.request.method} {self.request.url.path}"
        return await accept(
            command,
            subject=caller.subject,
            fingerprint=sha256(f"{place}\n{content}".encode()).hexdigest(),
            key=self.key,
            command_id=command_id,
        )


def preferred_wait_s(preferences: str) -> int | None:
    """How long the client would like to wait (RFC 7240), cut to the longest wait there is."""
    match = _WAIT.search(preferences)
    return min(int(match[1]), LONGEST_WAIT_S) if match else None


async def _submission(
    request: Request, idempotency_key: IdempotencyKey = None, prefer: Prefer = None
) -> Submission:
    # `prefer` is for the document alone: a client may send several such headers (RFC 7240).
    preferences = ", ".join(request.headers.getlist("prefer"))
    return Submission(request=request, key=idempotency_key, wait_s=preferred_wait_s(preferences))


Submit = Annotated[Submission, Depends(_submission)]


def _view(operation: Operation) -> OperationView:
    return OperationView.model_validate(vars(operation))


def _accepted(operation: OperationView) -> Response:
    return JSONResponse(
        jsonable_encoder(operation),
        status_code=202,
        headers={"Location": f"{OPERATIONS}/{operation.id}", "Retry-After": "1"},
    )


def _outcome(operation: OperationView, creates: bool) -> Response:
    headers = {"Location": f"{OPERATIONS}/{operation.id}"}
    if operation.problem is not None:
        return problem_response(operation.problem, headers)
    result = operation.result
    if result is None:
        return Response(status_code=204, headers=headers)
    if isinstance(result.get("version"), int):
        headers["ETag"] = etag(result["version"])
    return JSONResponse(result, status_code=201 if creates else 200, headers=headers)
