"""What each of the three processes does with the messages that it gets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import MetaData, Table, bindparam, update
from sqlalchemy.dialects.postgresql import Insert, insert

from contracts.gateway import Outcome
from contracts.topics import GATEWAY_OUTCOMES, LEDGER_COMMANDS, LEDGER_EVENTS, Topic
from messaging.work import Handlers
from storage.tables import DeliveryTables
from storage.work import SqlWork
from tests.faults.delivery import tables
from tests.faults.delivery.messages import DEFECT, BelowZero, CounterView, Move, Moved


@dataclass(frozen=True, kw_only=True)
class Role:
    """A service: its topics, its handlers, its tables, and where it hears what it has asked."""

    topics: Sequence[Topic]
    handlers: Handlers
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


def _counted(table: Table) -> Insert:
    """Insert a row, or count one more time that it was to be inserted."""
    statement = insert(table)
    return statement.on_conflict_do_update(
        constraint=table.primary_key, set_={"times": table.c.times + 1}
    )


_RECORD: Final = _counted(tables.outcomes)
_APPLY: Final = _counted(tables.applied)


async def record_outcome(outcome: Outcome, work: SqlWork) -> None:
    """The gateway's: an outcome that came twice would be counted."""
    row = {"command_id": outcome.command_id, "state": outcome.state, "times": 1}
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


async def apply(event: Moved, work: SqlWork) -> None:
    """The catalog's: an event that is applied twice would be counted."""
    row = {
        "event_id": work.cause.id,
        "counter": event.counter,
        "sequence": work.cause.sequence,
        "amount": event.amount,
        "times": 1,
    }
    await work.connection.execute(_APPLY, row)


ROLES: Final = {
    "gateway": Role(
        topics=[GATEWAY_OUTCOMES],
        handlers={Outcome: record_outcome},
        metadata=tables.gateway,
        tables=tables.gateway_delivery,
        outcomes=GATEWAY_OUTCOMES,
    ),
    "ledger": Role(
        topics=[LEDGER_COMMANDS],
        handlers={Move: move},
        metadata=tables.ledger,
        tables=tables.ledger_delivery,
    ),
    "catalog": Role(
        topics=[LEDGER_EVENTS],
        handlers={Moved: apply},
        metadata=tables.catalog,
        tables=tables.catalog_delivery,
    ),
}
