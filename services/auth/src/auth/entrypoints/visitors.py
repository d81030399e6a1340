"""Who makes a request, before anybody has signed in."""

import hmac
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import Depends, Request

from auth.application.ports import Overloaded
from auth.application.visitor import Visitor
from auth.domain.refusals import TooManyAttempts
from auth.entrypoints.problems import OVERLOADED, TOO_MANY_ATTEMPTS
from web.problems import ProblemError

USER_AGENT_LENGTH: Final = 200


async def _visitor(request: Request) -> Visitor:
    user_agent = request.headers.get("user-agent", "")[:USER_AGENT_LENGTH]
    return Visitor(address=_address_of(request), user_agent=user_agent)


Visiting = Annotated[Visitor, Depends(_visitor)]


async def say_when_to_try_again() -> AsyncIterator[None]:
    """Adds Retry-After to the refusals that pass with time."""
    try:
        yield
    except TooManyAttempts as refusal:
        problem = TOO_MANY_ATTEMPTS.problem(str(refusal))
        raise ProblemError(problem, {"Retry-After": str(refusal.retry_after_s)}) from None
    except Overloaded:
        raise ProblemError(OVERLOADED.problem(), {"Retry-After": "1"}) from None


def _address_of(request: Request) -> str:
    """The address that the gateway has seen, or else the one that is connected.

    Anybody can write X-Forwarded-For; the gateway alone knows the internal key.
    """
    forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    key = request.headers.get("x-internal-key", "")
    internal_key: str = request.app.state.internal_key
    if forwarded and hmac.compare_digest(key.encode(), internal_key.encode()):
        return forwarded
    return request.client.host if request.client else "unknown"
