import re
from collections.abc import AsyncIterator
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Header, Request
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse

from contracts.chat import (
    AskQuestion,
    ConversationRequest,
    ConversationView,
    FeedbackRequest,
    HandoffRequest,
    MessageRequest,
    MessageView,
    RateAnswer,
    RequestHandoff,
    StartConversation,
)
from contracts.ids import new_id
from contracts.paging import Page
from gateway.application.stream_answer import Piece, StreamAnswer
from gateway.domain.operation import Operation
from gateway.entrypoints.http.events import server_sent_event
from gateway.entrypoints.http.forwarding import Forward
from gateway.entrypoints.http.submission import ANSWERS, OPERATIONS, Submit
from web.callers import SignedIn

router = APIRouter(prefix="/chat", tags=["chat"])

EVENT_STREAM: Final = "text/event-stream"
_EVENT_ID: Final = re.compile(r"\d{1,9}")

LastEventId = Annotated[
    str, Header(alias="Last-Event-ID", description="Where a stream broke off: it goes on after it")
]


@router.post("/conversations", status_code=201, responses=ANSWERS, response_model=ConversationView)
async def start_conversation(
    body: ConversationRequest, caller: SignedIn, submit: Submit
) -> Response:
    command = StartConversation(
        conversation_id=new_id(), customer_id=caller.subject, title=body.title
    )
    return await submit(command, caller, body, creates=True)


@router.get("/conversations", response_model=Page[ConversationView])
async def list_conversations(_caller: SignedIn, request: Request, forward: Forward) -> Response:
    return await forward.read("chat", request)


@router.get("/conversations/{conversation_id}", response_model=ConversationView)
async def read_conversation(
    conversation_id: UUID, _caller: SignedIn, request: Request, forward: Forward
) -> Response:
    return await forward.read("chat", request)


@router.get("/conversations/{conversation_id}/messages", response_model=Page[MessageView])
async def list_messages(
    conversation_id: UUID, _caller: SignedIn, request: Request, forward: Forward
) -> Response:
    return await forward.read("chat", request)


@router.post(
    "/conversations/{conversation_id}/messages",
    status_code=201,
    responses=ANSWERS | {200: {"content": {EVENT_STREAM: {}}}},
    response_model=MessageView,
)
async def ask(
    conversation_id: UUID,
    body: MessageRequest,
    caller: SignedIn,
    submit: Submit,
    *,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
    last_event_id: LastEventId = "",
) -> Response:
    """With `Accept: text/event-stream` the answer streams while it is written."""
    command = AskQuestion(
        conversation_id=conversation_id,
        customer_id=caller.subject,
        message_id=new_id(),
        answer_id=new_id(),
        content=body.content,
    )
    if EVENT_STREAM not in accept:
        return await submit(command, caller, body, creates=True)
    operation = await submit.accept(command, caller, body)
    after = int(last_event_id) if _EVENT_ID.fullmatch(last_event_id) else 0
    stream: StreamAnswer = submit.request.app.state.stream_answer
    return EventSourceResponse(
        _events(stream, operation, after),
        headers={"Location": f"{OPERATIONS}/{operation.id}"},
    )


async def _events(stream: StreamAnswer, operation: Operation, after: int) -> AsyncIterator[bytes]:
    yield server_sent_event("accepted", {"operation_id": operation.id})
    last = after
    async for item in stream(operation.id, after=after):
        if isinstance(item, Piece):
            last = item.position
            yield server_sent_event("delta", {"text": item.text}, id=last)
        elif item.problem is not None:
            problem = item.problem.model_dump(mode="json", exclude_none=True)
            yield server_sent_event("problem", problem, id=last + 1)
        elif item.state == "succeeded":
            yield server_sent_event("message", item.result, id=last + 1)
        else:
            yield server_sent_event("accepted", {"operation_id": item.id})


@router.post(
    "/conversations/{conversation_id}/messages/{message_id}/feedback",
    responses=ANSWERS,
    response_model=MessageView,
)
async def rate(
    conversation_id: UUID,
    message_id: UUID,
    body: FeedbackRequest,
    caller: SignedIn,
    submit: Submit,
) -> Response:
    command = RateAnswer(
        conversation_id=conversation_id,
        customer_id=caller.subject,
        message_id=message_id,
        rating=body.rating,
        comment=body.comment,
    )
    return await submit(command, caller, body)


@router.post(
    "/conversations/{conversation_id}/handoff", responses=ANSWERS, response_model=ConversationView
)
async def hand_off(
    conversation_id: UUID, body: HandoffRequest, caller: SignedIn, submit: Submit
) -> Response:
    command = RequestHandoff(
        conversation_id=conversation_id, customer_id=caller.subject, reason=body.reason
    )
    return await submit(command, caller, body)
