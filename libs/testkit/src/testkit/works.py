"""Fakes for the unit tests of handlers."""

from uuid import UUID

from pydantic import BaseModel

from contracts.contract import Command, Event
from contracts.ids import new_id
from contracts.problems import Problem
from contracts.topics import Topic
from messaging.envelope import Envelope
from messaging.work import Postbox, PreparedEvent, Settlement


class RecordingWork:
    """A unit of work that remembers what a handler said; a service's fake adds repositories.

    `announced` are the events and `versions` their aggregates' versions; `asked` the commands by
    their ids; `answers` the ids that are no longer asked for; `settled` the deferred outcomes.
    """

    def __init__(
        self,
        *,
        source: str = "service",
        cause: Envelope | None = None,
        outcomes: Topic | None = None,
    ) -> None:
        self.postbox = Postbox(source=source, cause=cause or _a_command(), outcomes=outcomes)
        self.announced: list[Event] = []
        self.versions: list[int] = []
        self.asked: dict[UUID, Command] = {}

    @property
    def cause(self) -> Envelope:
        """See messaging.work.Work."""
        return self.postbox.cause

    @property
    def answers(self) -> list[UUID]:
        """The commands for which `answered` was called."""
        return self.postbox.answered

    @property
    def settled(self) -> dict[UUID, Settlement]:
        """The settlements of deferred commands; the first one of each stands."""
        return self.postbox.settlements

    def announce(self, event: Event | PreparedEvent, *, version: int) -> None:
        """See messaging.work.Work."""
        assert isinstance(event, Event), "only the ledger prepares events, on a work of its own"
        self.postbox.announce(event, version=version)
        self.announced.append(event)
        self.versions.append(version)

    def ask(self, command: Command, *, command_id: UUID) -> None:
        """See messaging.work.Work. Another command under a known id is a programmer's mistake."""
        assert self.asked.get(command_id, command) == command, "an id belongs to one command"
        self.postbox.ask(command, command_id=command_id)
        self.asked[command_id] = command

    def answered(self, command_id: UUID) -> None:
        """See messaging.work.Work."""
        self.postbox.answered.append(command_id)

    def succeed(self, command_id: UUID, result: BaseModel | None) -> None:
        """See messaging.work.Work."""
        self.postbox.settle(command_id, Settlement.succeeded(result))

    def refuse(self, command_id: UUID, problem: Problem) -> None:
        """See messaging.work.Work."""
        self.postbox.settle(command_id, Settlement.refused(problem))


def _a_command() -> Envelope:
    return Envelope(
        type="Command", source="gateway", subject=str(new_id()), correlation_id=new_id()
    )
