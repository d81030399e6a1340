"""The public surface as one router, with its OpenAPI document and the pages that show it."""

from functools import cache
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.routing import APIRoute

from gateway.entrypoints.http import (
    accounts,
    auth,
    chat,
    documents,
    ledger,
    operations,
    shop,
    users,
)
from gateway.entrypoints.http.forwarding import Forward
from gateway.entrypoints.http.openapi import document_of

OPENAPI_URL: Final = "/api/openapi.json"

_parts = (auth, users, chat, documents, accounts, ledger, shop, operations)


def public_router() -> APIRouter:
    """Everything under /api/v1, and auth's public keys at the root as well."""
    router = APIRouter(generate_unique_id_function=_name_of)
    for part in _parts:
        router.include_router(part.router, prefix="/api/v1")

    @router.get("/api/v1/.well-known/jwks.json", tags=["sign-in"])
    @router.get("/.well-known/jwks.json", include_in_schema=False)
    async def read_public_keys(request: Request, forward: Forward) -> Response:
        return await forward.read("auth", request)

    @router.get(OPENAPI_URL, include_in_schema=False)
    async def read_document() -> JSONResponse:
        return JSONResponse(public_document())

    @router.get("/api/docs", include_in_schema=False)
    async def show_document() -> HTMLResponse:
        return get_swagger_ui_html(openapi_url=OPENAPI_URL, title="Frontdesk")

    return router


@cache
def public_document() -> dict[str, Any]:
    """The OpenAPI document of the public API."""
    return document_of(public_router().routes)


def _name_of(route: APIRoute) -> str:
    return route.name
