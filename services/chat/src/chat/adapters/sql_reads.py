"""What can be looked up in chat's SQL store."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from chat.adapters.sql import conversation_from, message_from
from chat.adapters.tables import conversations, messages
from chat.application.views import conversation_view, message_view
from chat.domain.refusals import ConversationNotFound
from contracts.chat import ConversationView, MessageView
from contracts.paging import Page
from storage.database import Database
from storage.pages import fetch_page


class SqlChatReads:
    """See chat.application.ports.ChatReads."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def conversation(
        self, conversation_id: UUID, customer_id: UUID | None
    ) -> ConversationView:
        query = _visible(customer_id).where(conversations.c.id == conversation_id)
        async with self._db.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise ConversationNotFound(conversation_id)
        return conversation_view(conversation_from(row))

    async def conversations(
        self, customer_id: UUID | None, *, limit: int, after: str | None
    ) -> Page[ConversationView]:
        async with self._db.read() as connection:
            rows, cursor = await fetch_page(
                connection, _visible(customer_id), conversations.c.id, limit=limit, after=after
            )
        return Page(items=[conversation_view(conversation_from(row)) for row in rows], next=cursor)

    async def messages(
        self, conversation_id: UUID, customer_id: UUID | None, *, limit: int, after: str | None
    ) -> Page[MessageView]:
        known = _visible(customer_id).where(conversations.c.id == conversation_id)
        query = select(messages).where(messages.c.conversation_id == conversation_id)
        async with self._db.read() as connection:
            if (await connection.execute(known)).first() is None:
                raise ConversationNotFound(conversation_id)
            rows, cursor = await fetch_page(
                connection, query, messages.c.id, limit=limit, after=after
            )
        return Page(items=[message_view(message_from(row)) for row in rows], next=cursor)


def _visible(customer_id: UUID | None) -> "Select[Any]":
    query = select(conversations)
    return query if customer_id is None else query.where(conversations.c.customer_id == customer_id)
