from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from auth.application.end_session import EndSession
from auth.application.enter_anonymously import EnterAnonymously
from auth.application.log_in import LogIn
from auth.application.ports import AuthReads
from auth.application.refresh_session import RefreshSession
from auth.application.register import Register
from auth.domain.refusals import SessionNotFound
from auth.entrypoints.visitors import Visiting, say_when_to_try_again
from contracts.auth import (
    Email,
    LoginRequest,
    RefreshRequest,
    RegistrationRequest,
    SessionView,
    TokensView,
    UserView,
)
from contracts.paging import Page
from web.callers import Customer, SignedIn, Staff
from web.conditional import versioned
from web.paging import PageParameters, PageQuery


@dataclass(frozen=True, kw_only=True)
class UseCases:
    """What can be asked of auth over HTTP, because a secret or a session is part of it."""

    register: Register
    log_in: LogIn
    enter_anonymously: EnterAnonymously
    refresh_session: RefreshSession
    end_session: EndSession


class UserQuery(PageQuery):
    email: Email | None = None


def _use_cases(request: Request) -> UseCases:
    use_cases: UseCases = request.app.state.use_cases
    return use_cases


def _reads(request: Request) -> AuthReads:
    reads: AuthReads = request.app.state.reads
    return reads


def _never_stored(response: Response) -> None:
    """Tokens don't belong in caches (RFC 6749, section 5.1)."""
    response.headers["Cache-Control"] = "no-store"


Asked = Annotated[UseCases, Depends(_use_cases)]
Reads = Annotated[AuthReads, Depends(_reads)]

sign_in = APIRouter(dependencies=[Depends(say_when_to_try_again), Depends(_never_stored)])
users = APIRouter()


@sign_in.post("/auth/register", status_code=201)
async def register(body: RegistrationRequest, asked: Asked) -> UserView:
    return await asked.register(body)


@sign_in.post("/auth/login")
async def log_in(body: LoginRequest, visitor: Visiting, asked: Asked) -> TokensView:
    return await asked.log_in(body, visitor)


@sign_in.post("/auth/anonymous")
async def enter_anonymously(visitor: Visiting, asked: Asked) -> TokensView:
    return await asked.enter_anonymously(visitor)


@sign_in.post("/auth/refresh")
async def refresh_session(body: RefreshRequest, asked: Asked) -> TokensView:
    return await asked.refresh_session(body)


@sign_in.post("/auth/logout", status_code=204)
async def log_out(caller: SignedIn, asked: Asked) -> None:
    # A session that has ended already is what the caller wants.
    with suppress(SessionNotFound):
        if caller.session_id:
            await asked.end_session(caller.session_id, subject=caller.subject)


@sign_in.get("/auth/sessions")
async def list_sessions(caller: SignedIn, page: PageParameters, reads: Reads) -> Page[SessionView]:
    return await reads.sessions(
        caller.subject, current=caller.session_id, limit=page.limit, after=page.after
    )


@sign_in.delete("/auth/sessions/{session_id}", status_code=204)
async def end_session(session_id: UUID, caller: SignedIn, asked: Asked) -> None:
    await asked.end_session(session_id, subject=caller.subject)


@users.get("/.well-known/jwks.json")
async def read_keys(request: Request, response: Response) -> dict[str, Any]:
    response.headers["Cache-Control"] = "public, max-age=300"
    return dict(request.app.state.signing_keys.published)


@users.get("/users/me", response_model=UserView)
async def read_me(caller: Customer, request: Request, reads: Reads) -> Response:
    return versioned(await reads.user(caller.subject), request)


@users.get("/users")
async def list_users(
    _caller: Staff, page: Annotated[UserQuery, Query()], reads: Reads
) -> Page[UserView]:
    return await reads.users(email=page.email, limit=page.limit, after=page.after)


@users.get("/users/{user_id}", response_model=UserView)
async def read_user(user_id: UUID, _caller: Staff, request: Request, reads: Reads) -> Response:
    return versioned(await reads.user(user_id), request)
