"""What chat takes, announces and shows."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from contracts.contract import Body, Command, Event, UtcDatetime, VersionedView, View
from contracts.topics import CHAT_COMMANDS, CHAT_EVENTS, Topic

ConversationStatus = Literal["open", "waiting_for_staff", "resolved"]
Role = Literal["customer", "assistant", "staff"]
Rating = Literal["up", "down"]
Content = Annotated[str, StringConstraints(min_length=1, max_length=4_000)]
Comment = Annotated[str, StringConstraints(max_length=1_000)]


class ConversationRequest(Body):
    """A visitor or customer starts to talk."""

    title: Annotated[str, StringConstraints(max_length=200)] = ""


class MessageRequest(Body):
    """A question."""

    content: Content


class FeedbackRequest(Body):
    """What the reader thought of an answer."""

    rating: Rating
    comment: Comment = ""


class HandoffRequest(Body):
    """A wish to talk to a person."""

    reason: Comment = ""


class ChatCommand(Command):
    """Sent by the gateway. `customer_id` is the person whose conversation it must be."""

    topic: ClassVar[Topic] = CHAT_COMMANDS
    aggregate: ClassVar[str] = "conversation_id"
    conversation_id: UUID
    customer_id: UUID


class StartConversation(ChatCommand):
    """Answered with a ConversationView."""

    type: Literal["StartConversation"] = "StartConversation"
    title: str = ""


class AskQuestion(ChatCommand):
    """Answered with the assistant's MessageView; the text streams on gateway.streams.v1 meanwhile.

    `message_id` is the question's id, `answer_id` the id that the answer will have.
    """

    type: Literal["AskQuestion"] = "AskQuestion"
    message_id: UUID
    answer_id: UUID
    content: str


class RateAnswer(ChatCommand):
    """Answered with the rated MessageView."""

    type: Literal["RateAnswer"] = "RateAnswer"
    message_id: UUID
    rating: Rating
    comment: str = ""


class RequestHandoff(ChatCommand):
    """Answered with a ConversationView that waits for staff."""

    type: Literal["RequestHandoff"] = "RequestHandoff"
    reason: str = ""


class ChatEvent(Event):
    """Announced by chat."""

    topic: ClassVar[Topic] = CHAT_EVENTS
    aggregate: ClassVar[str] = "conversation_id"
    conversation_id: UUID
    customer_id: UUID


class ConversationStarted(ChatEvent):
    """Somebody has begun to talk."""

    type: Literal["ConversationStarted"] = "ConversationStarted"
    title: str


class MessageAnswered(ChatEvent):
    """A question has its answer."""

    type: Literal["MessageAnswered"] = "MessageAnswered"
    message_id: UUID
    answer_id: UUID
    model_used: str
    confidence: float
    processing_time_ms: int
    offers_handoff: bool


class AnswerRated(ChatEvent):
    """A reader has said what an answer was worth."""

    type: Literal["AnswerRated"] = "AnswerRated"
    message_id: UUID
    rating: Rating


class HandoffRequested(ChatEvent):
    """Somebody wants to talk to a person."""

    type: Literal["HandoffRequested"] = "HandoffRequested"
    reason: str


ChatCommands = Annotated[
    StartConversation | AskQuestion | RateAnswer | RequestHandoff, Field(discriminator="type")
]
ChatEvents = Annotated[
    ConversationStarted | MessageAnswered | AnswerRated | HandoffRequested,
    Field(discriminator="type"),
]


class ConversationView(VersionedView):
    """A conversation as its customer and staff see it."""

    customer_id: UUID
    title: str
    status: ConversationStatus


class Citation(View):
    """Where an answer's statement stands. `page` is None in documents without pages."""

    document_id: UUID
    title: str
    page: int | None
    quote: str


class MessageView(View):
    """A message; the members after `citations` are None or false on a person's message."""

    id: UUID
    conversation_id: UUID
    role: Role
    content: str
    citations: list[Citation]
    model_used: str | None
    cached: bool
    processing_time_ms: int | None
    tokens: int | None
    confidence: float | None
    requires_clarification: bool
    offers_handoff: bool
    created_at: UtcDatetime
