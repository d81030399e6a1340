"""What each of the three processes does with the messages that it gets."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import MetaData, bindparam, update

from contracts.gateway import Outcome
from contracts.topics import GATEWAY_OUTCOMES, LEDGER_COMMANDS, LEDGER_EVENTS, Topic
from messaging.work import Handlers
from storage.database import Database
from storage.tables import DeliveryTables
from storage.work import SqlWork
from tests.faults.delivery import tables
from tests.faults.delivery.copies import projection_of
from tests.faults.delivery.messages import DEFECT, BelowZero, CounterView, Move, Moved


@dataclass(frozen=True, kw_only=True)
class Role:
    """A service: its topics, its handlers, its tables, and where it hears what it has asked.

    The handlers are made of the ledger's database, for those who ask there.
    """

    topics: Sequence[Topic]
    handlers: Callable[[Database], Handlers]
    metadata: MetaData
    tables: DeliveryTables
    outcomes: Topic | None = None


_MOVE: Final = (
    update(tables.counters)
    .where(
        tables.counters.c.counter == bindparam("of"),
        tables.counters.c.total + bindparam("by") >= 0,
    )
    .values(total=tables.counters.c.total + bindparam("by"), version=tables.counters.c.version + 1)
    .returning(tables.counters.c.version)
)


_RECORD: Final = tables.counted(tables.outcomes)


async def record_outcome(outcome: Outcome, work: SqlWork) -> None:
    """The gateway's: an outcome that came twice would be counted."""
    row = {
        "command_id": outcome.command_id,
        "state": outcome.state,
        "heard_by": os.getpid(),
        "times": 1,
    }
    await work.connection.execute(_RECORD, row)
    work.answered(outcome.command_id)


async def move(command: Move, work: SqlWork) -> CounterView:
    """The ledger's: change, rule and version in one trip to the store."""
    if command.amount == DEFECT:
        raise ZeroDivisionError("a programmer's mistake")
    change = {"of": command.counter, "by": command.amount}
    version = (await work.connection.execute(_MOVE, change)).scalar_one_or_none()
    if version is None:
        raise BelowZero(command.counter, command.amount)
    work.announce(Moved(counter=command.counter, amount=command.amount), version=version)
    return CounterView(counter=command.counter, version=version)


ROLES: Final = {
    "gateway": Role(
        topics=[GATEWAY_OUTCOMES],
        handlers=lambda _ledger: {Outcome: record_outcome},
        metadata=tables.gateway,
        tables=tables.gateway_delivery,
        outcomes=GATEWAY_OUTCOMES,
    ),
    "ledger": Role(
        topics=[LEDGER_COMMANDS],
        handlers=lambda _ledger: {Move: move},
        metadata=tables.ledger,
        tables=tables.ledger_delivery,
    ),
    "catalog": Role(
        topics=[LEDGER_EVENTS],
        handlers=projection_of,
        metadata=tables.catalog,
        tables=tables.catalog_delivery,
    ),
}
