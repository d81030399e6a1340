from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from chat.application.ports import ChatReads
from contracts.chat import ConversationView, MessageView
from contracts.paging import Page
from web.callers import Caller, SignedIn
from web.conditional import versioned
from web.paging import PageParameters

router = APIRouter(prefix="/chat/conversations")


def _reads(request: Request) -> ChatReads:
    reads: ChatReads = request.app.state.reads
    return reads


Reads = Annotated[ChatReads, Depends(_reads)]


@router.get("")
async def list_conversations(
    caller: SignedIn, page: PageParameters, reads: Reads
) -> Page[ConversationView]:
    return await reads.conversations(_whose(caller), limit=page.limit, after=page.after)


@router.get("/{conversation_id}", response_model=ConversationView)
async def read_conversation(
    conversation_id: UUID, caller: SignedIn, request: Request, reads: Reads
) -> Response:
    return versioned(await reads.conversation(conversation_id, _whose(caller)), request)


@router.get("/{conversation_id}/messages")
async def list_messages(
    conversation_id: UUID, caller: SignedIn, page: PageParameters, reads: Reads
) -> Page[MessageView]:
    return await reads.messages(conversation_id, _whose(caller), limit=page.limit, after=page.after)


def _whose(caller: Caller) -> UUID | None:
    return None if caller.sees_everything else caller.subject
