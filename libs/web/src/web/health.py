"""Is the process alive, is it ready, and what does it count."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Final

from fastapi import APIRouter, Header, HTTPException, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Check = Callable[[], Awaitable[None]]

CHECK_S: Final = 3.0


def health_router(
    checks: Mapping[str, Check],
    metrics_key: str | None = None,
    alive_checks: Mapping[str, Check] = MappingProxyType({}),
) -> APIRouter:
    """`/health/live`, `/health/ready` (503 while a check raises or takes over 3 s), `/metrics`.

    `alive_checks` fail only when nothing but a new start can help.

    With a `metrics_key` the metrics are shown to whoever has it as a bearer token, and to nobody
    else: they are a 404.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/health/live")
    async def live() -> Response:
        return await _answer(alive_checks, "alive", "not alive")

    @router.get("/health/ready")
    async def ready() -> Response:
        return await _answer(checks, "ready", "not ready")

    @router.get("/metrics")
    async def metrics(authorization: Annotated[str, Header()] = "") -> Response:
        wanted = f"Bearer {metrics_key}".encode()
        if metrics_key and not hmac.compare_digest(authorization.encode(), wanted):
            raise HTTPException(404)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


async def _answer(checks: Mapping[str, Check], good: str, bad: str) -> Response:
    results = await asyncio.gather(*(_state_of(check) for check in checks.values()))
    is_good = all(state == "ok" for state in results)
    return JSONResponse(
        {"status": good if is_good else bad, "checks": dict(zip(checks, results, strict=True))},
        status_code=200 if is_good else 503,
    )


async def _state_of(check: Check) -> str:
    try:
        async with asyncio.timeout(CHECK_S):
            await check()
    except TimeoutError:
        return f"no answer within {CHECK_S:.0f} s"
    except Exception as error:
        return str(error) or type(error).__name__
    return "ok"
