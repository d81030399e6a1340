"""Chat without a store, without documents and without a broker."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from datetime import UTC, datetime
from uuid import UUID

from chat.application.ports import DocumentsAway, Statement
from chat.domain.conversation import Conversation
from chat.domain.message import Message
from chat.domain.refusals import AlreadyExists, ConversationNotFound, MessageNotFound
from contracts.ids import new_id
from contracts.ingest import Passage
from testkit.works import RecordingWork


class MemoryChat(RecordingWork):
    """A unit of work on dictionaries; what was read is written back only by saving it."""

    def __init__(self, *conversations: Conversation) -> None:
        super().__init__(source="chat")
        self.conversations = MemoryConversations(conversations)
        self.messages = MemoryMessages()


class MemoryConversations:
    def __init__(self, conversations: Sequence[Conversation]) -> None:
        self.kept = {conversation.id: conversation for conversation in conversations}

    async def get(self, conversation_id: UUID, *, customer_id: UUID) -> Conversation:
        conversation = self.kept.get(conversation_id)
        if conversation is None or conversation.customer_id != customer_id:
            raise ConversationNotFound(conversation_id)
        return deepcopy(conversation)

    async def add(self, conversation: Conversation) -> None:
        if conversation.id in self.kept:
            raise AlreadyExists("conversation", conversation.id)
        self.kept[conversation.id] = deepcopy(conversation)

    async def save(self, conversation: Conversation) -> None:
        self.kept[conversation.id] = deepcopy(conversation)


class MemoryMessages:
    def __init__(self) -> None:
        self.kept: dict[UUID, Message] = {}

    async def find(self, message_id: UUID) -> Message | None:
        return deepcopy(self.kept.get(message_id))

    async def get(self, message_id: UUID, *, conversation_id: UUID) -> Message:
        message = self.kept.get(message_id)
        if message is None or message.conversation_id != conversation_id:
            raise MessageNotFound(message_id)
        return deepcopy(message)

    async def add(self, message: Message) -> None:
        if message.id in self.kept:
            raise AlreadyExists("message", message.id)
        self.kept[message.id] = deepcopy(message)

    async def save_rating(self, message: Message) -> None:
        self.kept[message.id] = deepcopy(message)


class MemoryJob:
    """A job on that chat. `crashes_before_the_end`: the process dies before the last commit."""

    def __init__(self, chat: MemoryChat, *, id: UUID | None = None) -> None:
        self.chat = chat
        self.id = id or new_id()
        self.crashes_before_the_end = False

    @asynccontextmanager
    async def work(self) -> AsyncIterator[MemoryChat]:
        yield self.chat

    @asynccontextmanager
    async def finish(self) -> AsyncIterator[MemoryChat]:
        if self.crashes_before_the_end:
            raise Crash
        yield self.chat


class Crash(Exception):
    pass


class FakeDocuments:
    """Finds these passages, whatever the question; `asked` are the questions."""

    def __init__(self, *passages: Passage, is_away: bool = False) -> None:
        self.passages = passages
        self.is_away = is_away
        self.asked: list[str] = []

    async def search(self, question: str, *, limit: int) -> Sequence[Passage]:
        self.asked.append(question)
        if self.is_away:
            raise DocumentsAway("away")
        return self.passages[:limit]


class FakeModel:
    """Says these statements, whatever the question."""

    name = "fake"

    def __init__(self, *statements: Statement) -> None:
        self.statements = statements

    async def answer(self, question: str, passages: Sequence[Passage]) -> AsyncIterator[Statement]:
        for statement in self.statements:
            yield statement


class RecordingStream:
    """`text` is what somebody watching has seen so far."""

    def __init__(self) -> None:
        self.pieces: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    async def send(self, text: str) -> None:
        self.pieces.append(text)


def a_conversation(**values: object) -> Conversation:
    known: dict[str, object] = {
        "id": new_id(),
        "customer_id": new_id(),
        "title": "",
        "created_at": datetime.now(UTC),
    }
    return Conversation(**(known | values))  # type: ignore[arg-type]


def a_passage(
    text: str = "The boathouse is open from 7:00 to 18:00 on Saturdays.",
    *,
    similarity: float = 0.6,
    term_overlap: float = 1.0,
    heading: str = "Opening hours",
    title: str = "Handbook",
    page: int | None = 1,
) -> Passage:
    return Passage(
        chunk_id=new_id(),
        document_id=new_id(),
        title=title,
        heading=heading,
        page=page,
        text=text,
        score=1.0,
        similarity=similarity,
        term_overlap=term_overlap,
    )
