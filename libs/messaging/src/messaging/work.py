"""What a handler can do with the outside world: announce, ask, and settle what it owes."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias, TypeVar
from uuid import UUID

from pydantic import BaseModel
from pydantic_core import to_json

from contracts.contract import Command, Event, Message
from contracts.gateway import OutcomeState
from contracts.ids import new_id_text
from contracts.problems import Problem
from contracts.topics import Topic
from messaging.envelope import Envelope, Outgoing, id_text, reply_here, time_text
from messaging.message_format import (
    HeaderBlock,
    block_of,
    block_of_event,
    block_of_sender,
    message_record,
)
from messaging.values import value_class

MESSAGE_CHARACTERS: Final = 200_000
"""Four bytes each at most, and a broker takes no record of more than a megabyte."""


class MessageTooLarge(Exception):
    """No broker would take the message, and it would stand in the way of all that follow it."""


@dataclass(frozen=True)
class Deferred:
    """A handler returns this when the outcome comes later, through `succeed` or `refuse`."""


DEFERRED: Final = Deferred()


@value_class
class JsonText:
    """JSON of a result, ready to be sent: one object, and nothing looks into it again."""

    text: str


def json_text(result: dict[str, Any] | JsonText | None) -> str:
    """JSON of a result, null when there is none."""
    if isinstance(result, JsonText):
        return result.text
    return "null" if result is None else to_json(result, inf_nan_mode="null").decode()


@value_class
class PreparedEvent:
    """An event whose JSON has been written already."""

    topic: Topic
    type: str
    aggregate_id: str
    text: str


class Work(Protocol):
    """One unit of work: all of it happens when the transaction commits, or none of it.

    A service's own work adds its repositories.
    """

    @property
    def cause(self) -> Envelope:
        """The envelope of the message being handled."""

    def announce(self, event: Event | PreparedEvent, *, version: int) -> None:
        """Publish an event; `version` is the aggregate's version after the change."""

    def ask(self, command: Command, *, command_id: UUID) -> None:
        """Send a command to another service and ask again until its outcome is here.

        The outcome arrives on this service's outcomes topic with `command_id`. The same id must
        always go with the same command.
        """

    def answered(self, command_id: UUID) -> None:
        """The outcome of an asked command is here: stop asking. Harmless when repeated."""

    def succeed(self, command_id: UUID, result: BaseModel | None) -> None:
        """Settle a deferred command: its outcome is `succeeded`. The first settlement stands."""

    def refuse(self, command_id: UUID, problem: Problem) -> None:
        """Settle a deferred command: its outcome is `refused`. The first settlement stands."""


W_contra = TypeVar("W_contra", contravariant=True)
HandlerResult: TypeAlias = BaseModel | JsonText | Deferred | None


class Handler(Protocol[W_contra]):
    """Handles one kind of message: loads, decides, saves, announces; never commits.

    What it returns becomes the result of the command's outcome.
    """

    def __call__(self, message: Any, work: W_contra, /) -> Awaitable[HandlerResult]: ...


Handlers = Mapping[type[Message], Callable[[Any, Any], Awaitable[HandlerResult]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A command that somebody waits for: it is sent again until its outcome is here."""

    command_id: UUID
    message: Outgoing


@value_class
class Settlement:
    """How a command ended: with a result, or with a problem."""

    state: OutcomeState
    result: dict[str, Any] | JsonText | None = None
    problem: Problem | None = None

    @classmethod
    def succeeded(cls, result: BaseModel | JsonText | None) -> "Settlement":
        """The command has done what it says."""
        if result is None or isinstance(result, JsonText):
            return cls(state="succeeded", result=result)
        return cls(state="succeeded", result=result.model_dump(mode="json"))

    @classmethod
    def refused(cls, problem: Problem) -> "Settlement":
        """A rule said no; nothing has changed."""
        return cls(state="refused", problem=problem)

    @classmethod
    def failed(cls, problem: Problem) -> "Settlement":
        """A defect; the command is in the dead letters."""
        return cls(state="failed", problem=problem)


@dataclass(kw_only=True)
class Postbox:
    """Collects what a unit of work sends, with the right envelope on each message.

    `source` is the service's name; `outcomes` the topic on which it hears the outcomes of what it
    asks, if it asks at all; `time` when all of it is sent. One postbox may serve one message after
    another: `handle` says which.
    """

    source: str
    cause: Envelope
    outcomes: Topic | None = None
    reply_partition: int | None = None
    time: str = field(default_factory=time_text)
    messages: list[Outgoing] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    answered: list[UUID] = field(default_factory=list)
    settlements: dict[UUID, Settlement] = field(default_factory=dict)

    def handle(self, cause: Envelope) -> None:
        """What is sent from now on is sent because of that message."""
        self.cause = cause

    def announce(self, event: Event | PreparedEvent, *, version: int) -> None:
        """See Work.announce."""
        own = block_of_event(version, self.cause.actor)
        self.messages.append(self._outgoing(event, new_id_text(), own))

    def ask(self, command: Command, *, command_id: UUID) -> None:
        """See Work.ask."""
        assert self.outcomes, f"{self.source} has no outcomes topic"
        address = reply_here(self.outcomes, self.reply_partition)
        actor = {} if self.cause.actor is None else {"ce_actor": self.cause.actor}
        own = block_of(actor | address.headers())
        message = self._outgoing(command, id_text(command_id), own)
        self.messages.append(message)
        self.requests.append(Request(command_id=command_id, message=message))

    def settle(self, command_id: UUID, settlement: Settlement) -> None:
        """See Work.succeed and Work.refuse."""
        self.settlements.setdefault(command_id, settlement)

    def _outgoing(self, message: Message | PreparedEvent, id: str, own: HeaderBlock) -> Outgoing:
        record = message_record(
            key=message.aggregate_id,
            value=_json(message),
            id=id,
            type=message.type,
            of_sender=block_of_sender(self.source, self.time),
            of_effects=self.cause.effects,
            own=own,
        )
        return Outgoing.encoded(message.topic.name, record)


def _json(message: Message | PreparedEvent) -> bytes:
    """Raises MessageTooLarge."""
    if isinstance(message, PreparedEvent):
        value = message.text.encode()
    else:
        value = message.__pydantic_serializer__.to_json(message)
    if len(value) > MESSAGE_CHARACTERS and (size := len(value.decode())) > MESSAGE_CHARACTERS:
        raise MessageTooLarge(f"{message.type} has {size} characters")
    return value
