"""What a handler can do with the outside world: announce, ask, and settle what it owes."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias, TypeVar
from uuid import UUID

from pydantic import BaseModel

from contracts.contract import Command, Event, Message
from contracts.gateway import OutcomeState
from contracts.problems import Problem
from contracts.topics import Topic
from messaging.envelope import Envelope, Outgoing, reply_here

MESSAGE_CHARACTERS: Final = 200_000
"""Four bytes each at most, and a broker takes no record of more than a megabyte."""


class MessageTooLarge(Exception):
    """No broker would take the message, and it would stand in the way of all that follow it."""


@dataclass(frozen=True)
class Deferred:
    """A handler returns this when the outcome comes later, through `succeed` or `refuse`."""


DEFERRED: Final = Deferred()


class Work(Protocol):
    """One unit of work: all of it happens when the transaction commits, or none of it.

    A service's own work adds its repositories.
    """

    @property
    def cause(self) -> Envelope:
        """The envelope of the message being handled."""

    def announce(self, event: Event, *, version: int) -> None:
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
HandlerResult: TypeAlias = BaseModel | Deferred | None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How a command ended: with a result, or with a problem."""

    state: OutcomeState
    result: dict[str, Any] | None = None
    problem: Problem | None = None

    @classmethod
    def succeeded(cls, result: BaseModel | None) -> "Settlement":
        """The command has done what it says."""
        return cls(
            state="succeeded", result=None if result is None else result.model_dump(mode="json")
        )

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
    asks, if it asks at all.
    """

    source: str
    cause: Envelope
    outcomes: Topic | None = None
    reply_partition: int | None = None
    messages: list[Outgoing] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    answered: list[UUID] = field(default_factory=list)
    settlements: dict[UUID, Settlement] = field(default_factory=dict)

    def announce(self, event: Event, *, version: int) -> None:
        """See Work.announce."""
        self.messages.append(self._outgoing(event, self._envelope(event, sequence=version)))

    def ask(self, command: Command, *, command_id: UUID) -> None:
        """See Work.ask."""
        assert self.outcomes, f"{self.source} has no outcomes topic"
        envelope = self._envelope(
            command,
            id=command_id,
            reply_to=reply_here(self.outcomes, self.reply_partition),
        )
        message = self._outgoing(command, envelope)
        self.messages.append(message)
        self.requests.append(Request(command_id=command_id, message=message))

    def settle(self, command_id: UUID, settlement: Settlement) -> None:
        """See Work.succeed and Work.refuse."""
        self.settlements.setdefault(command_id, settlement)

    def _envelope(self, message: Message, **attributes: Any) -> Envelope:
        return Envelope(
            type=message.type,
            source=self.source,
            subject=message.aggregate_id,
            correlation_id=self.cause.correlation_id,
            causation_id=self.cause.id,
            actor=self.cause.actor,
            traceparent=self.cause.traceparent,
            **attributes,
        )

    @staticmethod
    def _outgoing(message: Message, envelope: Envelope) -> Outgoing:
        value = message.model_dump_json()
        if len(value) > MESSAGE_CHARACTERS:
            raise MessageTooLarge(f"{message.type} has {len(value)} characters")
        return Outgoing(
            topic=message.topic.name,
            key=message.aggregate_id,
            value=value,
            headers=envelope.headers(),
        )
