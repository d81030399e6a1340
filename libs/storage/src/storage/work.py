"""The unit of work of a store."""

from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.contract import Command, Event
from contracts.problems import Problem
from messaging.envelope import Envelope
from messaging.work import Postbox, PreparedEvent, Settlement


class PostingWork:
    """What handlers get on every store: what they say is collected in a postbox."""

    def __init__(self, postbox: Postbox) -> None:
        self.postbox = postbox

    @property
    def cause(self) -> Envelope:
        """See messaging.work.Work."""
        return self.postbox.cause

    def announce(self, event: Event | PreparedEvent, *, version: int) -> None:
        """See messaging.work.Work."""
        self.postbox.announce(event, version=version)

    def ask(self, command: Command, *, command_id: UUID) -> None:
        """See messaging.work.Work."""
        self.postbox.ask(command, command_id=command_id)

    def answered(self, command_id: UUID) -> None:
        """See messaging.work.Work."""
        self.postbox.answered.append(command_id)

    def succeed(self, command_id: UUID, result: BaseModel | None) -> None:
        """See messaging.work.Work."""
        self.postbox.settle(command_id, Settlement.succeeded(result))

    def refuse(self, command_id: UUID, problem: Problem) -> None:
        """See messaging.work.Work."""
        self.postbox.settle(command_id, Settlement.refused(problem))


class SqlWork(PostingWork):
    """On a SQL store; a service's own work adds its repositories on `connection`."""

    def __init__(self, connection: AsyncConnection, postbox: Postbox) -> None:
        super().__init__(postbox)
        self.connection = connection
