"""What the use cases need of the outside world."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from pydantic import BaseModel

from chat.domain.conversation import Conversation
from chat.domain.message import Message
from contracts.chat import ConversationView, MessageView
from contracts.contract import Event
from contracts.ingest import Passage
from contracts.paging import Page


class Conversations(Protocol):
    async def get(self, conversation_id: UUID, *, customer_id: UUID) -> Conversation:
        """The conversation, locked for this unit of work.

        Raises ConversationNotFound, also when it is somebody else's.
        """

    async def add(self, conversation: Conversation) -> None:
        """Raises AlreadyExists."""

    async def save(self, conversation: Conversation) -> None:
        """Write back what `get` has read."""


class Messages(Protocol):
    async def find(self, message_id: UUID) -> Message | None: ...

    async def get(self, message_id: UUID, *, conversation_id: UUID) -> Message:
        """Raises MessageNotFound, also when it stands in another conversation."""

    async def add(self, message: Message) -> None:
        """Raises AlreadyExists."""

    async def save_rating(self, message: Message) -> None: ...


class ChatWork(Protocol):
    """One unit of work of chat."""

    @property
    def conversations(self) -> Conversations: ...

    @property
    def messages(self) -> Messages: ...

    def announce(self, event: Event, *, version: int) -> None: ...

    def succeed(self, command_id: UUID, result: BaseModel | None) -> None: ...


class QuestionJob(Protocol):
    """A question being worked on, perhaps not for the first time."""

    @property
    def id(self) -> UUID:
        """Of the command, which the last unit of work settles."""

    def work(self) -> AbstractAsyncContextManager[ChatWork]:
        """A unit of work on the way."""

    def finish(self) -> AbstractAsyncContextManager[ChatWork]:
        """The last unit of work."""


class DocumentsAway(ConnectionError):
    """The documents can't be searched now. An outage: the question is tried again later."""


class Documents(Protocol):
    async def search(self, question: str, *, limit: int) -> Sequence[Passage]:
        """The best passages first. Waits a bounded time. Raises DocumentsAway."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """Something a model says, and the words of the passage that it says it from."""

    text: str
    passage: Passage
    quote: str


class LanguageModel(Protocol):
    @property
    def name(self) -> str: ...

    def answer(self, question: str, passages: Sequence[Passage]) -> AsyncIterator[Statement]:
        """The answer, statement by statement as they come; none when the passages have none.

        Each is shown to the customer as soon as it is found to be grounded.
        """


class AnswerStream(Protocol):
    """Where whoever asked can watch the answer come. The pieces joined are its content."""

    async def send(self, text: str) -> None:
        """At best: waits a short time at most, and never raises because nobody could be reached."""


class ChatReads(Protocol):
    """What can be looked up. `customer_id` limits the view to one person; None sees everything."""

    async def conversation(
        self, conversation_id: UUID, customer_id: UUID | None
    ) -> ConversationView:
        """Raises ConversationNotFound."""

    async def conversations(
        self, customer_id: UUID | None, *, limit: int, after: str | None
    ) -> Page[ConversationView]:
        """Newest first."""

    async def messages(
        self, conversation_id: UUID, customer_id: UUID | None, *, limit: int, after: str | None
    ) -> Page[MessageView]:
        """Newest first. Raises ConversationNotFound."""
