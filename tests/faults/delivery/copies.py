"""The catalog's copies of the ledger's counters, kept by a projection from what was announced."""

import asyncio
from typing import Final

from sqlalchemy import bindparam, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from messaging.projection import Projection, Snapshot
from messaging.work import Handlers
from storage.database import Database
from storage.work import SqlWork
from tests.faults.delivery import tables
from tests.faults.delivery.messages import Moved

ASK_S: Final = 5.0
"""How long the owner has for its answer."""

_VERSION: Final = select(tables.copies.c.version).where(tables.copies.c.counter == bindparam("of"))

_copy = upsert(tables.copies).values(
    counter=bindparam("of"), total=bindparam("by"), version=bindparam("to")
)
_MOVE: Final = _copy.on_conflict_do_update(
    constraint=tables.copies.primary_key,
    set_={"total": tables.copies.c.total + _copy.excluded.total, "version": _copy.excluded.version},
)
_REPLACE: Final = _copy.on_conflict_do_update(
    constraint=tables.copies.primary_key,
    set_={"total": _copy.excluded.total, "version": _copy.excluded.version},
)

_MOVE_AND_COUNT: Final = tables.counted(tables.applied).add_cte(_MOVE.cte("moved"))


class CounterCopies:
    """See messaging.projection.Copies.

    An event that is applied twice is counted; so is what an answer of the owner has stood in for.
    """

    async def version(self, aggregate_id: str, work: SqlWork) -> int:
        found = await work.connection.execute(_VERSION, {"of": aggregate_id})
        return found.scalar_one_or_none() or 0

    async def apply(self, event: Moved, version: int, work: SqlWork) -> None:
        applied = {
            "event_id": work.cause.id,
            "counter": event.counter,
            "sequence": version,
            "amount": event.amount,
            "times": 1,
        }
        copy = {"of": event.counter, "by": event.amount, "to": version}
        await work.connection.execute(_MOVE_AND_COUNT, applied | copy)

    async def replace(self, snapshot: Snapshot, work: SqlWork) -> None:
        counter, version = snapshot.aggregate_id, snapshot.version
        known = await self.version(counter, work)
        copy = {"of": counter, "by": snapshot.state, "to": version}
        await work.connection.execute(_REPLACE, copy)
        row = {"counter": counter, "known": known, "version": version}
        await work.connection.execute(insert(tables.replaced), row)


def projection_of(ledger: Database) -> Handlers:
    """The catalog's handlers. Whoever owns the counters is asked in its own database."""
    counters = tables.counters

    async def ask_owner(aggregate_id: str, /, *, at_least: int) -> Snapshot:
        query = select(counters).where(
            counters.c.counter == aggregate_id, counters.c.version >= at_least
        )
        async with asyncio.timeout(ASK_S), ledger.read() as connection:
            row = (await connection.execute(query)).one()
        return Snapshot(aggregate_id=aggregate_id, version=row.version, state=row.total)

    projection: Projection[SqlWork] = Projection(CounterCopies(), ask_owner)
    return projection.handlers(Moved)
