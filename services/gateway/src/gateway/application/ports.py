"""What the use cases need of the outside world."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts.contract import Command
from contracts.gateway import AnswerDelta, OperationView
from contracts.paging import Page
from gateway.domain.operation import Operation, OperationState
from gateway.domain.rate import Decision, Policy


class KeyTaken(Exception):
    """Another request has taken this Idempotency-Key at the same moment: look again."""


class Operations(Protocol):
    async def get(self, operation_id: UUID) -> Operation | None: ...

    async def by_key(self, subject: UUID, key: str, *, now: datetime) -> Operation | None:
        """The operation that the key names, unless the key's lifetime is over."""

    async def add(self, operation: Operation) -> None:
        """Raises KeyTaken."""

    async def save(self, operation: Operation) -> None: ...


class GatewayWork(Protocol):
    """One unit of work of the gateway."""

    @property
    def operations(self) -> Operations: ...

    def ask(self, command: Command, *, command_id: UUID) -> None: ...

    def answered(self, command_id: UUID) -> None: ...


class BeginWork(Protocol):
    """Opens a unit of work on behalf of a request of `actor`; it commits at its end."""

    def __call__(self, *, actor: UUID) -> AbstractAsyncContextManager[GatewayWork]: ...


class OperationReads(Protocol):
    """`subject` limits the view to one person; None sees everything."""

    async def operation(self, operation_id: UUID, subject: UUID | None) -> OperationView:
        """Raises OperationNotFound."""

    async def operations(
        self, subject: UUID | None, *, state: OperationState | None, limit: int, after: str | None
    ) -> Page[OperationView]: ...


class AnswerStreams(Protocol):
    """The pieces of answers on their way."""

    def follow(self, command_id: UUID, *, after: int) -> AsyncIterator[AnswerDelta]:
        """Pieces with a position beyond `after`, as they come; ends when the caller stops."""


class RateLimits(Protocol):
    async def take(self, policy: Policy, subject: str) -> Decision:
        """Count one request of this subject under this policy."""
