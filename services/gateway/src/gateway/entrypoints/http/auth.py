from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from contracts.auth import (
    LoginRequest,
    RefreshRequest,
    RegistrationRequest,
    SessionView,
    TokensView,
    UserView,
)
from contracts.paging import Page
from gateway.entrypoints.http.forwarding import Forward
from web.callers import SignedIn

router = APIRouter(prefix="/auth", tags=["sign-in"])


@router.post("/register", status_code=201, response_model=UserView)
async def register(body: RegistrationRequest, request: Request, forward: Forward) -> Response:
    return await forward.call("auth", request, body=body.model_dump_json())


@router.post("/login", response_model=TokensView)
async def login(body: LoginRequest, request: Request, forward: Forward) -> Response:
    return await forward.call("auth", request, body=body.model_dump_json())


@router.post("/refresh", response_model=TokensView)
async def refresh(body: RefreshRequest, request: Request, forward: Forward) -> Response:
    return await forward.call("auth", request, body=body.model_dump_json())


@router.post("/anonymous", response_model=TokensView)
async def visit(request: Request, forward: Forward) -> Response:
    return await forward.call("auth", request)


@router.post("/logout", status_code=204)
async def logout(_caller: SignedIn, request: Request, forward: Forward) -> Response:
    return await forward.call("auth", request)


@router.get("/sessions", response_model=Page[SessionView])
async def list_sessions(_caller: SignedIn, request: Request, forward: Forward) -> Response:
    return await forward.read("auth", request)


@router.delete("/sessions/{session_id}", status_code=204)
async def end_session(
    session_id: UUID, _caller: SignedIn, request: Request, forward: Forward
) -> Response:
    return await forward.call("auth", request)
