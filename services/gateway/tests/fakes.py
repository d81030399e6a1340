"""The gateway's ports in memory, for unit tests."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from contracts.gateway import AnswerDelta, OperationView, Outcome
from contracts.ids import new_id
from contracts.paging import Page
from contracts.topics import GATEWAY_OUTCOMES
from gateway.application.ports import KeyTaken
from gateway.domain.operation import KEY_LIFETIME, Operation, OperationState
from gateway.domain.refusals import OperationNotFound
from testkit.works import RecordingWork

ADA, EVE = UUID(int=1), UUID(int=2)


def an_operation(**values: Any) -> Operation:
    known: dict[str, Any] = {
        "id": new_id(),
        "subject": ADA,
        "command": "OpenAccount",
        "fingerprint": "f" * 64,
        "created_at": datetime.now(UTC),
    }
    return Operation(**known | values)


def an_outcome(command_id: UUID, **values: Any) -> Outcome:
    known: dict[str, Any] = {"command": "OpenAccount", "state": "succeeded", "result": {"n": 1}}
    return Outcome(command_id=command_id, **known | values)


def a_view(operation_id: UUID, state: OperationState = "accepted", **values: Any) -> OperationView:
    now = datetime.now(UTC)
    return OperationView(
        id=operation_id, command="AskQuestion", state=state, created_at=now, **values
    )


class FakeOperations:
    def __init__(self, rows: dict[UUID, Operation]) -> None:
        self.rows = rows

    async def get(self, operation_id: UUID) -> Operation | None:
        return deepcopy(self.rows.get(operation_id))

    async def by_key(self, subject: UUID, key: str, *, now: datetime) -> Operation | None:
        for row in self.rows.values():
            if (row.subject, row.idempotency_key) == (subject, key):
                return deepcopy(row) if row.created_at >= now - KEY_LIFETIME else None
        return None

    async def add(self, operation: Operation) -> None:
        named = (operation.subject, operation.idempotency_key)
        taken = {(row.subject, row.idempotency_key) for row in self.rows.values()}
        if operation.idempotency_key and named in taken:
            raise KeyTaken(operation.idempotency_key)
        self.rows[operation.id] = deepcopy(operation)

    async def save(self, operation: Operation) -> None:
        self.rows[operation.id] = deepcopy(operation)


class FakeWork(RecordingWork):
    def __init__(self, *known: Operation) -> None:
        super().__init__(source="gateway", outcomes=GATEWAY_OUTCOMES)
        self.operations = FakeOperations({operation.id: operation for operation in known})


class FakeStore:
    """Commits what a block has done, unless an error leaves it.

    `rival` commits between what the next block reads and what it writes, and is then forgotten.
    """

    def __init__(self, *known: Operation) -> None:
        self.committed = FakeWork(*known)
        self.actors: list[UUID] = []
        self.rival: Operation | None = None

    @asynccontextmanager
    async def begin(self, *, actor: UUID) -> AsyncIterator[FakeWork]:
        self.actors.append(actor)
        work = FakeWork(*deepcopy(list(self.operations.values())))
        work.asked = dict(self.committed.asked)
        if self.rival:
            work.operations.add = self._lose_to_the_rival  # type: ignore[method-assign]
        yield work
        self.committed = work

    @property
    def operations(self) -> dict[UUID, Operation]:
        return self.committed.operations.rows

    async def _lose_to_the_rival(self, operation: Operation) -> None:
        assert self.rival
        self.operations[self.rival.id] = self.rival
        self.rival = None
        raise KeyTaken(str(operation.idempotency_key))


@dataclass
class FakeReads:
    """What has been committed; `looks` counts how often somebody looked."""

    views: dict[UUID, OperationView] = field(default_factory=dict)
    looks: int = 0

    def commit(self, view: OperationView) -> OperationView:
        self.views[view.id] = view
        return view

    async def operation(self, operation_id: UUID, subject: UUID | None) -> OperationView:
        self.looks += 1
        if operation_id not in self.views:
            raise OperationNotFound(operation_id)
        return self.views[operation_id]

    async def operations(
        self, subject: UUID | None, *, state: OperationState | None, limit: int, after: str | None
    ) -> Page[OperationView]:
        raise AssertionError("no use case lists operations")


class FakeStreams:
    """`readers` are the answers that somebody follows now."""

    def __init__(self) -> None:
        self.readers: list[UUID] = []
        self._pieces: dict[UUID, list[AnswerDelta]] = defaultdict(list)
        self._changed = asyncio.Condition()

    async def write(self, answer: UUID, *texts: str, first: int = 1) -> None:
        for position, text in enumerate(texts, start=first):
            self._pieces[answer].append(
                AnswerDelta(command_id=answer, position=position, text=text)
            )
        async with self._changed:
            self._changed.notify_all()

    async def follow(self, command_id: UUID, *, after: int) -> AsyncIterator[AnswerDelta]:
        self.readers.append(command_id)
        seen = 0
        try:
            while True:
                new = self._pieces[command_id][seen:]
                seen += len(new)
                for delta in new:
                    if delta.position > after:
                        yield delta
                async with self._changed:
                    if len(self._pieces[command_id]) == seen:
                        await self._changed.wait()
        finally:
            self.readers.remove(command_id)
