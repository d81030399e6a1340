"""Every error leaves as application/problem+json (RFC 9457)."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from contracts.money import AmountError
from contracts.problems import Problem, ProblemTable, ProblemType, problem_of

log = logging.getLogger(__name__)

INVALID: Final = ProblemType("invalid-request", 422, "The request is not valid")
UNREADABLE: Final = ProblemType("unreadable-request", 400, "The request can't be read")
BAD_QUERY: Final = ProblemType("invalid-query", 400, "A query parameter is not valid")
BAD_HEADER: Final = ProblemType("invalid-header", 400, "A header is not valid")
UNAUTHENTICATED: Final = ProblemType("unauthenticated", 401, "Sign in first")
FORBIDDEN: Final = ProblemType("forbidden", 403, "You may not do this")
NOT_FOUND: Final = ProblemType("not-found", 404, "There is no such thing")
PRECONDITION_REQUIRED: Final = ProblemType("precondition-required", 428, "If-Match is required")
STALE: Final = ProblemType("stale-version", 412, "Somebody else has changed this meanwhile")
TOO_LARGE: Final = ProblemType("content-too-large", 413, "The body is too large")
UNAVAILABLE: Final = ProblemType("unavailable", 503, "A part of the system is away, try again")
INTERNAL: Final = ProblemType("internal-error", 500, "Something went wrong on our side")

_BY_STATUS: Final = {
    kind.status: kind for kind in (UNREADABLE, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, TOO_LARGE)
} | {
    405: ProblemType("method-not-allowed", 405, "This can't be done here"),
    415: ProblemType("unsupported-media-type", 415, "This kind of content isn't taken"),
}


_INVALID_PLACES: Final = {"query": BAD_QUERY, "header": BAD_HEADER, "cookie": BAD_HEADER}


class ProblemError(Exception):
    """Raised in an entrypoint: ends the request with this problem and these headers."""

    def __init__(self, problem: Problem, headers: dict[str, str] | None = None) -> None:
        super().__init__(problem.detail or problem.title)
        self.problem = problem
        self.headers = headers


def problem_response(problem: Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    """The problem as a response with its own status."""
    return JSONResponse(
        problem.model_dump(mode="json", exclude_none=True),
        status_code=problem.status,
        headers=headers,
        media_type="application/problem+json",
    )


Handler = Callable[[Request, Any], Awaitable[JSONResponse]]


def install_problem_handlers(app: FastAPI, table: ProblemTable) -> None:
    """Turn refusals in `table` and framework errors into problem documents."""
    handlers: dict[type[Exception], Handler] = {
        ProblemError: _given,
        RequestValidationError: _validation,
        HTTPException: _http,
        AmountError: _amount,
    }
    for kind in table:
        handlers[kind] = _refusal(table)
    for error_type, handler in handlers.items():
        app.add_exception_handler(error_type, handler)


async def _given(_request: Request, error: ProblemError) -> JSONResponse:
    return problem_response(error.problem, error.headers)


async def _validation(_request: Request, error: RequestValidationError) -> JSONResponse:
    found = [item for item in error.errors() if item["loc"]]
    place = found[0]["loc"][0] if found else "body"
    if place == "path":
        return problem_response(NOT_FOUND.problem("the address holds an id that can't be one"))
    errors = [{"pointer": _pointer(item), "detail": _sentence(item)} for item in found]
    kind = _INVALID_PLACES.get(place, INVALID)
    return problem_response(kind.problem(errors[0]["detail"], errors=errors))


def _sentence(item: Mapping[str, Any]) -> str:
    """What is wrong, in words that name the member."""
    name = item["loc"][-1] if len(item["loc"]) > 1 else "the body"
    match item["type"]:
        case "missing":
            return f"{name} is required" if len(item["loc"]) > 1 else "a body is required"
        case "extra_forbidden":
            return f"{name} is not known here"
        case "json_invalid":
            return "the body is not JSON"
        case "model_attributes_type":
            return "the body must be a JSON object"
        case "value_error":
            return str(item["msg"]).removeprefix("Value error, ")
        case _:
            return f"{name}: {item['msg']}"


def _pointer(item: Mapping[str, Any]) -> str:
    """RFC 6901, below the body; a query parameter or a header is named as it is."""
    location: Sequence[Any] = item["loc"]
    parts = location[1:] if location[0] == "body" and item["type"] != "json_invalid" else location
    if item["type"] == "json_invalid":
        parts = ()
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


async def _http(_request: Request, error: HTTPException) -> JSONResponse:
    kind = _BY_STATUS.get(error.status_code) or ProblemType(
        "http-error", error.status_code, "The request can't be served"
    )
    headers = dict(error.headers) if error.headers else None
    detail = None if error.detail == HTTPStatus(error.status_code).phrase else str(error.detail)
    return problem_response(kind.problem(detail), headers)


async def _amount(_request: Request, error: AmountError) -> JSONResponse:
    errors = [{"pointer": f"/{error.member}", "detail": str(error)}]
    return problem_response(INVALID.problem(str(error), errors=errors))


def _refusal(table: ProblemTable) -> Handler:
    async def handle(_request: Request, error: Exception) -> JSONResponse:
        problem = problem_of(error, table)
        assert problem, "only errors in the table come here"
        return problem_response(problem)

    return handle


def unforeseen(request: Request, error: Exception, *, is_outage: bool) -> JSONResponse:
    """The answer to an error that no table has: an outage or a defect. It is logged here."""
    if is_outage:
        log.warning("%s %s: %r", request.method, request.url.path, error)
        return problem_response(UNAVAILABLE.problem(), {"Retry-After": "2"})
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem_response(INTERNAL.problem())
