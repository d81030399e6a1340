"""Accepts commands at a steady rate, whether they are answered or not (an open loop)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final
from uuid import UUID

from sqlalchemy import insert

from contracts.ids import new_id
from contracts.topics import GATEWAY_OUTCOMES
from messaging.envelope import Envelope
from storage.database import Database
from storage.store import SqlStore
from storage.work import SqlWork
from tests.faults.delivery import tables
from tests.faults.delivery.messages import COUNTERS, DEFECT, Move

RATE: Final = 560
"""Commands per second. Not all of a second is the test's, and 500 must be reached."""

_TOGETHER: Final = 70
"""Commands that are accepted in one transaction."""


@dataclass(kw_only=True)
class Load:
    """A door of the gateway: request, outbox and `accepted` in one transaction.

    `accepted` are the commands whose acceptance was confirmed; `lasted_s` is how long it took.
    Every `defect_each`th command is one that the ledger can't cope with. The outcomes of
    those that are accepted together are to come on one of the `reply_partitions`, if there are any.
    """

    db: Database
    random: Random
    defect_each: int | None = None
    reply_partitions: Sequence[int] = ()
    accepted: dict[UUID, Move] = field(default_factory=dict)
    lasted_s: float = 0.0

    def __post_init__(self) -> None:
        self._store = SqlStore(
            "gateway",
            self.db,
            tables.gateway_delivery,
            SqlWork,
            outcomes=GATEWAY_OUTCOMES,
            reply_partition=self._reply_partition,
        )

    async def accept(self, count: int) -> None:
        """Accept so many commands; who is late makes up for it."""
        clock = asyncio.get_running_loop().time
        started = clock()
        for taken in range(0, count, _TOGETHER):
            await asyncio.sleep(max(0.0, started + taken / RATE - clock()))
            await self._accept_together(min(_TOGETHER, count - taken))
        self.lasted_s += clock() - started

    @property
    def rate(self) -> float:
        """Commands per second, as they were accepted."""
        return len(self.accepted) / self.lasted_s if self.lasted_s else 0.0

    def _reply_partition(self) -> int | None:
        return self.random.choice(self.reply_partitions) if self.reply_partitions else None

    async def _accept_together(self, count: int) -> None:
        commands = {new_id(): self._command(len(self.accepted) + n) for n in range(count)}
        rows = [
            {"command_id": id, "counter": command.counter, "amount": command.amount}
            for id, command in commands.items()
        ]
        cause = Envelope(type="Load", source="test", subject="load", correlation_id=new_id())
        async with self._store.begin() as transaction, transaction.work(cause) as work:
            await work.connection.execute(insert(tables.accepted), rows)
            for id, command in commands.items():
                work.ask(command, command_id=id)
        self.accepted |= commands

    def _command(self, number: int) -> Move:
        """Some take more than there can be; they are refused."""
        counter = self.random.choice(COUNTERS)
        if self.defect_each and number % self.defect_each == self.defect_each - 1:
            return Move(counter=counter, amount=DEFECT)
        return Move(counter=counter, amount=self.random.choice((1, 2, 3, 5, 8, -1, -4, -9)))
