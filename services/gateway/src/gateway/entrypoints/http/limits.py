"""Rate limits as plain ASGI middleware.

Source: https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
"""

from typing import Final

import httpx2
from fastapi.security.utils import get_authorization_scheme_param
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.application.ports import RateLimits
from gateway.domain.rate import Decision, Policy
from gateway.entrypoints.problems import QUOTA_EXCEEDED
from web.callers import Caller, InvalidToken, TokenVerifier
from web.problems import problem_response

SIGN_IN_PATHS: Final = ("/api/v1/auth/login", "/api/v1/auth/register", "/api/v1/auth/refresh")


class RateLimit:
    """Counts each request of the public API: per person, per address for strangers and sign-in.

    A token that isn't ours makes nobody known: else each made-up one would bring a new allowance.
    """

    def __init__(
        self, app: ASGIApp, limits: RateLimits, *, known: Policy, stranger: Policy, sign_in: Policy
    ) -> None:
        self._app = app
        self._limits = limits
        self._known = known
        self._stranger = stranger
        self._sign_in = sign_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or not scope["path"].startswith("/api/v1"):
            await self._app(scope, receive, send)
            return
        policy, subject = await self._place(scope)
        decision = await self._limits.take(policy, subject)
        headers = _headers(policy, decision)
        if not decision.is_allowed:
            problem = QUOTA_EXCEEDED.problem(
                "too many requests, slow down",
                policy=policy.name,
                retry_after_s=decision.retry_after_s,
            )
            headers["Retry-After"] = str(decision.retry_after_s)
            await problem_response(problem, headers)(scope, receive, send)
            return

        async def send_with_limit(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        await self._app(scope, receive, send_with_limit)

    async def _place(self, scope: Scope) -> tuple[Policy, str]:
        address = scope["client"][0] if scope.get("client") else "unknown"
        if scope["path"] in SIGN_IN_PATHS:
            return self._sign_in, address
        caller = await _caller(scope)
        return (self._known, str(caller.subject)) if caller else (self._stranger, address)


async def _caller(scope: Scope) -> Caller | None:
    scheme, token = get_authorization_scheme_param(Headers(scope=scope).get("authorization"))
    if scheme.lower() != "bearer":
        return None
    verifier: TokenVerifier = scope["app"].state.verifier
    try:
        return await verifier.verify(token)
    except (InvalidToken, httpx2.HTTPError):
        return None


def _headers(policy: Policy, decision: Decision) -> dict[str, str]:
    return {
        "RateLimit-Policy": f'"{policy.name}";q={policy.burst};w={policy.window_s}',
        "RateLimit": f'"{policy.name}";r={decision.remaining};t={decision.retry_after_s}',
    }
