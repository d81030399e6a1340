"""The OpenAPI document of the public API, made from its routes."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from contracts.problems import Problem

_PROBLEM: Final = "#/components/schemas/Problem"

_TAGS: Final = {
    "sign-in": "Tokens and sessions. Synchronous: no secret ever enters the log of messages.",
    "users": "People's profiles, roles and whether they may sign in.",
    "chat": "Conversations with the assistant; an answer can stream while it is written.",
    "documents": "What the assistant answers from.",
    "ledger": "Accounts, transactions and holds. Amounts are decimal strings.",
    "shop": "Products, their stock, and orders.",
    "operations": "Accepted commands and what became of them.",
}

_PROBLEMS: Final = {
    "400": ("InvalidQuery", "A parameter is not valid"),
    "401": ("Unauthenticated", "There is no access token, or it is not valid"),
    "403": ("Forbidden", "The caller's role does not allow it"),
    "404": ("NotFound", "There is no such thing, or it is somebody else's"),
    "409": ("InFlight", "A request with this Idempotency-Key is being waited for"),
    "412": ("StaleVersion", "If-Match names a version that is not the current one"),
    "413": ("ContentTooLarge", "The body is too large"),
    "422": ("Invalid", "The body is not valid, or a rule refused the command"),
    "428": ("PreconditionRequired", "If-Match is required"),
    "429": ("QuotaExceeded", "Too many requests"),
    "503": ("Unavailable", "A part of the system is away"),
}
_COME_AGAIN: Final = ("429", "503")


def document_of(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """What these routes take and answer; problems are declared once and referred to."""
    document = get_openapi(
        title="Frontdesk",
        version="1",
        summary="The back office and the front desk of a small organisation",
        routes=routes,
        tags=[{"name": name, "description": text} for name, text in _TAGS.items()],
    )
    for path, item in document["paths"].items():
        for operation in item.values():
            if _is_list(operation):
                operation["parameters"] = [*_page_missing_in(operation), *_parameters(operation)]
            operation["responses"].pop("422", None)  # FastAPI's own kind, which never occurs here
            for status in _problems_of(path, operation):
                reference = f"#/components/responses/{_PROBLEMS[status][0]}"
                operation["responses"][status] = {"$ref": reference}
    components = document["components"]
    components["responses"] = dict(_problem_response(status) for status in _PROBLEMS)
    components["schemas"]["Problem"] = Problem.model_json_schema()
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    return document


def query(name: str, description: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    """A parameter that the owner of a thing reads, and that no route declares therefore."""
    return {
        "name": name,
        "in": "query",
        "description": description,
        "required": required,
        "schema": {"type": "string", **schema},
    }


def _problems_of(path: str, operation: dict[str, Any]) -> Iterator[str]:
    yield from _COME_AGAIN
    if "security" in operation:
        yield from ("401", "403")
    if "{" in path:
        yield "404"
    if any(parameter["in"] != "path" for parameter in _parameters(operation)):
        yield "400"
    if "requestBody" in operation:
        yield from ("413", "422")
    if "202" in operation["responses"]:
        yield from ("409", "422")
    if any(parameter["name"].lower() == "if-match" for parameter in _parameters(operation)):
        yield from ("412", "428")


def _problem_response(status: str) -> tuple[str, dict[str, Any]]:
    name, description = _PROBLEMS[status]
    response: dict[str, Any] = {
        "description": description,
        "content": {"application/problem+json": {"schema": {"$ref": _PROBLEM}}},
    }
    if status in _COME_AGAIN:
        seconds = {"description": "In how many seconds", "schema": {"type": "integer"}}
        response["headers"] = {"Retry-After": seconds}
    return name, response


def _is_list(operation: dict[str, Any]) -> bool:
    content = operation["responses"].get("200", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    return "/Page_" in schema.get("$ref", "")


def _parameters(operation: dict[str, Any]) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = operation.get("parameters", [])
    return parameters


def _page_missing_in(operation: dict[str, Any]) -> list[dict[str, Any]]:
    known = {parameter["name"] for parameter in _parameters(operation)}
    page = (
        query("limit", "How many items", type="integer", minimum=1, maximum=100, default=20),
        query("after", "The `next` of the page before"),
    )
    return [parameter for parameter in page if parameter["name"] not in known]
