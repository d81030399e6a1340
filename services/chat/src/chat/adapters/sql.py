"""Chat's ports on PostgreSQL and SQLite."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chat.adapters.tables import conversations, messages
from chat.domain.conversation import Conversation
from chat.domain.message import Citation, Message
from chat.domain.refusals import AlreadyExists, ConversationNotFound, MessageNotFound
from messaging.work import Postbox
from storage.versions import update_version
from storage.work import SqlWork


class SqlConversations:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._read_versions: dict[UUID, int] = {}

    async def get(self, conversation_id: UUID, *, customer_id: UUID) -> Conversation:
        query = select(conversations).where(
            conversations.c.id == conversation_id, conversations.c.customer_id == customer_id
        )
        row = (await self._connection.execute(query.with_for_update())).one_or_none()
        if row is None:
            raise ConversationNotFound(conversation_id)
        self._read_versions[conversation_id] = row.version
        return conversation_from(row)

    async def add(self, conversation: Conversation) -> None:
        await _require_new(self._connection, conversations, "conversation", conversation.id)
        await self._connection.execute(insert(conversations).values(**asdict(conversation)))

    async def save(self, conversation: Conversation) -> None:
        await update_version(
            self._connection,
            conversations,
            id=conversation.id,
            read_version=self._read_versions[conversation.id],
            values=asdict(conversation),
        )
        self._read_versions[conversation.id] = conversation.version


class SqlMessages:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, message_id: UUID) -> Message | None:
        query = select(messages).where(messages.c.id == message_id)
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else message_from(row)

    async def get(self, message_id: UUID, *, conversation_id: UUID) -> Message:
        message = await self.find(message_id)
        if message is None or message.conversation_id != conversation_id:
            raise MessageNotFound(message_id)
        return message

    async def add(self, message: Message) -> None:
        await _require_new(self._connection, messages, "message", message.id)
        citations = [
            asdict(citation) | {"document_id": str(citation.document_id)}
            for citation in message.citations
        ]
        values = vars(message) | {"citations": citations}
        await self._connection.execute(insert(messages).values(**values))

    async def save_rating(self, message: Message) -> None:
        await self._connection.execute(
            update(messages)
            .where(messages.c.id == message.id)
            .values(rating=message.rating, rating_comment=message.rating_comment)
        )


class SqlChatWork(SqlWork):
    """See chat.application.ports.ChatWork."""

    def __init__(self, connection: AsyncConnection, postbox: Postbox) -> None:
        super().__init__(connection, postbox)
        self.conversations = SqlConversations(connection)
        self.messages = SqlMessages(connection)


def conversation_from(row: "Row[Any]") -> Conversation:
    return Conversation(**row._mapping)


def message_from(row: "Row[Any]") -> Message:
    citations = tuple(
        Citation(**(stored | {"document_id": UUID(stored["document_id"])}))
        for stored in row.citations
    )
    return Message(**{**row._mapping, "citations": citations})


async def _require_new(connection: AsyncConnection, table: Table, what: str, id: UUID) -> None:
    if (await connection.execute(select(table.c.id).where(table.c.id == id))).first():
        raise AlreadyExists(what, id)
