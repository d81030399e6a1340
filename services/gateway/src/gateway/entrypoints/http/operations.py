from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse

from contracts.gateway import OperationState, OperationView
from contracts.paging import Page
from gateway.application.ports import OperationReads
from gateway.application.waiters import Waiters
from gateway.entrypoints.http.events import server_sent_event
from web.callers import Caller, SignedIn
from web.paging import PageQuery

router = APIRouter(prefix="/operations", tags=["operations"])

STREAM_S = 60.0


class OperationsQuery(PageQuery):
    state: OperationState | None = None


def _reads(request: Request) -> OperationReads:
    reads: OperationReads = request.app.state.reads
    return reads


Reads = Annotated[OperationReads, Depends(_reads)]


@router.get("")
async def list_operations(
    caller: SignedIn, query: Annotated[OperationsQuery, Query()], reads: Reads
) -> Page[OperationView]:
    return await reads.operations(
        _whose(caller), state=query.state, limit=query.limit, after=query.after
    )


@router.get("/{operation_id}")
async def read_operation(operation_id: UUID, caller: SignedIn, reads: Reads) -> OperationView:
    return await reads.operation(operation_id, _whose(caller))


@router.get(
    "/{operation_id}/events",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def stream_operation(
    operation_id: UUID, caller: SignedIn, request: Request, reads: Reads
) -> Response:
    """The operation as it is, and once more when its outcome is there."""
    operation = await reads.operation(operation_id, _whose(caller))
    return EventSourceResponse(_changes(operation, request.app.state.waiters))


async def _changes(operation: OperationView, waiters: Waiters) -> AsyncIterator[bytes]:
    yield server_sent_event(operation.state, operation, id=1)
    if operation.state == "accepted":
        ended = await waiters.wait(operation.id, at_most_s=STREAM_S)
        yield server_sent_event(ended.state, ended, id=2)


def _whose(caller: Caller) -> UUID | None:
    return None if caller.is_staff else caller.subject
