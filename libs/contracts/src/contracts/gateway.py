"""What everybody owes whoever asked: outcomes; and the pieces of an answer on their way."""

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from contracts.contract import Message, UtcDatetime, View
from contracts.problems import Problem
from contracts.topics import GATEWAY_OUTCOMES, GATEWAY_STREAMS, Topic

OutcomeState = Literal["succeeded", "refused", "failed"]
OperationState = Literal["accepted", "succeeded", "refused", "failed"]


class Outcome(Message):
    """The one answer to a command, on the outcomes topic of whoever sent it.

    `succeeded` has the `result` of the command (a view, or None); `refused` (a rule said no) and
    `failed` (a defect; the command is in the dead letters) have a `problem`.
    """

    topic: ClassVar[Topic] = GATEWAY_OUTCOMES
    aggregate: ClassVar[str] = "command_id"
    type: Literal["Outcome"] = "Outcome"
    command_id: UUID
    command: str
    state: OutcomeState
    result: dict[str, Any] | None = None
    problem: Problem | None = None


class AnswerDelta(Message):
    """The next piece of an answer's text. `position` counts the pieces from 1.

    Nothing is lost with it: the whole answer is the result of the command.
    """

    topic: ClassVar[Topic] = GATEWAY_STREAMS
    aggregate: ClassVar[str] = "command_id"
    type: Literal["AnswerDelta"] = "AnswerDelta"
    command_id: UUID
    position: int = Field(ge=1)
    text: str


Outcomes = Annotated[Outcome, Field()]
Streams = Annotated[AnswerDelta, Field()]


class OperationView(View):
    """An accepted command and, later, its outcome."""

    id: UUID
    command: str
    state: OperationState
    result: dict[str, Any] | None = None
    problem: Problem | None = None
    created_at: UtcDatetime
    finished_at: UtcDatetime | None = None
