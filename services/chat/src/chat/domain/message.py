from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from chat.domain.refusals import NotAnAnswer

Role = Literal["customer", "assistant", "staff"]
Rating = Literal["up", "down"]


@dataclass(frozen=True, kw_only=True)
class Citation:
    """Where a statement stands, in the document's own words."""

    document_id: UUID
    title: str
    page: int | None
    quote: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the assistant says. A [1] in its content stands for the first of its citations."""

    content: str
    model_used: str
    confidence: float
    citations: tuple[Citation, ...] = ()
    requires_clarification: bool = False
    offers_handoff: bool = False

    @property
    def tokens(self) -> int:
        """The pieces of the content between white space."""
        return len(self.content.split())


@dataclass(kw_only=True)
class Message:
    """Said once, never changed; an answer can be rated, and the last rating stands."""

    id: UUID
    conversation_id: UUID
    role: Role
    content: str
    created_at: datetime
    citations: tuple[Citation, ...] = field(default=())
    model_used: str | None = None
    cached: bool = False
    processing_time_ms: int | None = None
    tokens: int | None = None
    confidence: float | None = None
    requires_clarification: bool = False
    offers_handoff: bool = False
    rating: Rating | None = None
    rating_comment: str | None = None

    def rate(self, rating: Rating, comment: str) -> None:
        if self.role != "assistant":
            raise NotAnAnswer(self.id, role=self.role)
        self.rating = rating
        self.rating_comment = comment


def question_message(
    *, id: UUID, conversation_id: UUID, content: str, created_at: datetime
) -> Message:
    return Message(
        id=id,
        conversation_id=conversation_id,
        role="customer",
        content=content,
        created_at=created_at,
    )


def answer_message(
    answer: Answer,
    *,
    id: UUID,
    conversation_id: UUID,
    processing_time_ms: int,
    created_at: datetime,
) -> Message:
    return Message(
        id=id,
        conversation_id=conversation_id,
        role="assistant",
        content=answer.content,
        citations=answer.citations,
        model_used=answer.model_used,
        processing_time_ms=processing_time_ms,
        tokens=answer.tokens,
        confidence=answer.confidence,
        requires_clarification=answer.requires_clarification,
        offers_handoff=answer.offers_handoff,
        created_at=created_at,
    )
