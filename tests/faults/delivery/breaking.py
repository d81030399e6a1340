"""Makes a process die at an exact point, or do everything twice, or slowly."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from messaging.envelope import Outgoing
from messaging.store import LogEnds, Parcel
from messaging.work import HandlerResult, Handlers
from storage.database import Database
from storage.outbox import SqlOutbox
from storage.tables import DeliveryTables

Point: TypeAlias = Literal["handling", "committed", "sent", "marked"]
"""In the middle of a batch; between its commit and its offset's; between sending and marking; after
marking."""


@dataclass(kw_only=True)
class Faults:
    """What is wrong with one process.

    It kills itself when it comes to the point `die_at` for the `die_on`th time. `twice`: its relay
    sends every message two times; of the aggregates that `loses` names, it never sends the event
    that leads to this version. `slow_s` is what handling one message takes longer.
    """

    die_at: Point | None = None
    die_on: int = 1
    twice: bool = False
    loses: Mapping[str, int] = field(default_factory=dict)
    slow_s: float = 0.0
    _reached: int = field(default=0, init=False)

    def reach(self, point: Point) -> None:
        """The process is there; perhaps it doesn't come back."""
        if point == self.die_at:
            self._reached += 1
            if self._reached == self.die_on:
                os.kill(os.getpid(), signal.SIGKILL)

    def sent_of(self, message: Outgoing) -> Sequence[Outgoing]:
        """What the relay sends instead of a message."""
        sequence = message.headers.get("ce_sequence")
        if sequence is not None and self.loses.get(message.key) == int(sequence):
            return ()
        return (message, message) if self.twice else (message,)

    def in_handlers(self, handlers: Handlers) -> Handlers:
        """The same handlers, with these faults."""
        return {kind: self._around(handle) for kind, handle in handlers.items()}

    def _around(
        self, handle: Callable[[Any, Any], Awaitable[HandlerResult]]
    ) -> Callable[[Any, Any], Awaitable[HandlerResult]]:
        async def handle_faultily(message: Any, work: Any) -> HandlerResult:
            if self.slow_s:
                await asyncio.sleep(self.slow_s)
            result = await handle(message, work)
            self.reach("handling")
            return result

        return handle_faultily


class FaultyOutbox(SqlOutbox):
    """The outbox as the relay of a faulty process sees it."""

    def __init__(self, db: Database, tables: DeliveryTables, faults: Faults) -> None:
        super().__init__(db, tables)
        self._faults = faults

    async def unsent(self, limit: int) -> list[Parcel]:
        parcels = await super().unsent(limit)
        return [
            replace(parcel, messages=[s for m in parcel.messages for s in self._faults.sent_of(m)])
            for parcel in parcels
        ]

    async def mark_sent(self, ids: Sequence[int], log_ends: LogEnds) -> None:
        self._faults.reach("sent")
        await super().mark_sent(ids, log_ends)
        self._faults.reach("marked")
