"""What chat's refusals are called outside."""

from typing import Final

from chat.domain import refusals
from contracts.problems import ProblemTable, ProblemType
from storage.pages import BadCursor

PROBLEMS: Final[ProblemTable] = {
    refusals.ConversationNotFound: ProblemType(
        "conversation-not-found", 404, "No such conversation"
    ),
    refusals.MessageNotFound: ProblemType("message-not-found", 404, "No such message"),
    refusals.AlreadyExists: ProblemType("already-exists", 409, "It exists already"),
    refusals.ConversationResolved: ProblemType(
        "conversation-resolved", 409, "The conversation is resolved"
    ),
    refusals.NotAnAnswer: ProblemType("not-an-answer", 422, "Only answers can be rated"),
    BadCursor: ProblemType("invalid-cursor", 400, "Not a cursor of this list"),
}
