from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from contracts.auth import ChangeProfile, ChangeUser, ProfilePatch, UserPatch, UserView
from contracts.paging import Page
from gateway.entrypoints.http.forwarding import Forward
from gateway.entrypoints.http.openapi import query
from gateway.entrypoints.http.submission import ANSWERS, Submit
from web.callers import Admin, Customer, SignedIn, Staff
from web.conditional import expected_version

router = APIRouter(prefix="/users", tags=["users"])

ExpectedVersion = Annotated[int, Depends(expected_version)]


@router.get("/me", response_model=UserView)
async def read_me(_caller: SignedIn, request: Request, forward: Forward) -> Response:
    return await forward.read("auth", request)


@router.patch("/me", responses=ANSWERS, response_model=UserView)
async def change_me(
    body: ProfilePatch, caller: Customer, version: ExpectedVersion, submit: Submit
) -> Response:
    command = ChangeProfile(user_id=caller.subject, expected_version=version, name=body.name)
    return await submit(command, caller, body)


@router.get(
    "",
    response_model=Page[UserView],
    openapi_extra={"parameters": [query("email", "Only the person with this address")]},
)
async def list_users(_caller: Staff, request: Request, forward: Forward) -> Response:
    return await forward.read("auth", request)


@router.get("/{user_id}", response_model=UserView)
async def read_user(user_id: UUID, _caller: Staff, request: Request, forward: Forward) -> Response:
    return await forward.read("auth", request)


@router.patch("/{user_id}", responses=ANSWERS, response_model=UserView)
async def change_user(
    user_id: UUID, body: UserPatch, caller: Admin, version: ExpectedVersion, submit: Submit
) -> Response:
    command = ChangeUser(
        user_id=user_id, expected_version=version, roles=body.roles, is_active=body.is_active
    )
    return await submit(command, caller, body)
