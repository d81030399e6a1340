"""The public surface as one router, and its OpenAPI document."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from gateway.entrypoints.http import auth, chat, documents, ledger, operations, shop, users
from gateway.entrypoints.http.forwarding import Forward

DOCUMENTATION: Final[dict[str, Any]] = {
    "openapi_url": "/api/openapi.json",
    "docs_url": "/api/docs",
    "version": "1",
    "summary": "The back office and the front desk of a small organisation",
}

_parts = (auth, users, chat, documents, ledger, shop, operations)


def public_router() -> APIRouter:
    """Everything under /api/v1, and auth's public keys at the root as well."""
    router = APIRouter()
    for part in _parts:
        router.include_router(part.router, prefix="/api/v1")

    @router.get("/api/v1/.well-known/jwks.json", tags=["sign-in"])
    @router.get("/.well-known/jwks.json", include_in_schema=False)
    async def read_public_keys(request: Request, forward: Forward) -> Response:
        return await forward.read("auth", request)

    return router
