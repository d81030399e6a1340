"""The relay's view of a SQL store."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, delete, select, update

from messaging.store import LogEnd, LogEnds, Parcel
from storage.codec import unpack
from storage.database import Database
from storage.fresh import FreshParcels
from storage.notify import OUTBOX_CHANNEL, notify
from storage.store import upsert
from storage.tables import DeliveryTables

_UNSENT_ON_POSTGRES: Final = """
SELECT id, CASE WHEN id <> ALL ($2::bigint[]) THEN messages END AS messages
FROM outbox WHERE sent_at IS NULL ORDER BY id LIMIT $1
"""

# Both in one statement, which is a transaction of its own: one trip to the server.
_MARK_SENT_ON_POSTGRES: Final = """
WITH sent AS (
    UPDATE outbox SET sent_at = $1 WHERE id = ANY ($2::bigint[])
)
INSERT INTO log_ends (topic, partition, next_offset, message_id)
SELECT * FROM unnest($3::text[], $4::int[], $5::bigint[], $6::text[])
ON CONFLICT (topic, partition)
DO UPDATE SET next_offset = excluded.next_offset, message_id = excluded.message_id
"""


class SqlOutbox:
    """See messaging.store.Outbox. What is `fresh` is not read back from PostgreSQL."""

    def __init__(
        self, db: Database, tables: DeliveryTables, fresh: FreshParcels | None = None
    ) -> None:
        self._db = db
        self._fresh = fresh or FreshParcels()
        self._tables = tables
        outbox = tables.outbox
        self._unsent = (
            select(outbox.c.id, outbox.c.messages)
            .where(outbox.c.sent_at.is_(None))
            .order_by(outbox.c.id)
            .limit(bindparam("limit"))
        )

    async def unsent(self, limit: int) -> list[Parcel]:
        """See messaging.store.Outbox."""
        if self._db.is_sqlite:
            async with self._db.read() as connection:
                rows = (await connection.execute(self._unsent, {"limit": limit})).all()
            return [Parcel(id=id_, messages=unpack(messages)) for id_, messages in rows]
        fresh = self._fresh.all()
        rows = await self._db.fetch(_UNSENT_ON_POSTGRES, limit, list(fresh))
        return [
            Parcel(id=id_, messages=fresh[id_] if messages is None else unpack(messages))
            for id_, messages in rows
        ]

    async def mark_sent(self, ids: Sequence[int], log_ends: LogEnds) -> None:
        """See messaging.store.Outbox."""
        now = datetime.now(UTC)
        if not self._db.is_sqlite:
            ends_of = [(*place, end.next_offset, end.message_id) for place, end in log_ends.items()]
            columns = list(zip(*ends_of, strict=True)) or [(), (), (), ()]
            await self._db.fetch(_MARK_SENT_ON_POSTGRES, now, list(ids), *columns)
            self._fresh.drop(ids)
            return
        outbox, ends = self._tables.outbox, self._tables.log_ends
        async with self._db.write() as connection:
            await connection.execute(
                update(outbox).where(outbox.c.id.in_(list(ids))).values(sent_at=now)
            )
            if log_ends:
                statement = upsert(self._db, ends)
                await connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=["topic", "partition"],
                        set_={
                            "next_offset": statement.excluded.next_offset,
                            "message_id": statement.excluded.message_id,
                        },
                    ),
                    [
                        {
                            "topic": topic,
                            "partition": partition,
                            "next_offset": end.next_offset,
                            "message_id": end.message_id,
                        }
                        for (topic, partition), end in log_ends.items()
                    ],
                )

    async def log_ends(self) -> dict[tuple[str, int], LogEnd]:
        """See messaging.store.Outbox."""
        async with self._db.read() as connection:
            rows = (await connection.execute(select(self._tables.log_ends))).all()
        return {
            (row.topic, row.partition): LogEnd(
                next_offset=row.next_offset, message_id=row.message_id
            )
            for row in rows
        }

    async def resend(self, *, since: datetime, until: datetime | None = None) -> int:
        """See messaging.store.Outbox."""
        outbox = self._tables.outbox
        lost = outbox.c.created_at >= since
        if until is not None:
            lost &= outbox.c.created_at < until
        async with self._db.write() as connection:
            marked = await connection.execute(update(outbox).where(lost).values(sent_at=None))
            await connection.execute(delete(self._tables.log_ends))
            await notify(self._db, connection, OUTBOX_CHANNEL)
        return int(marked.rowcount)

    async def purge(self, *, before: datetime) -> int:
        """See messaging.store.Outbox."""
        outbox = self._tables.outbox
        async with self._db.write() as connection:
            deleted = await connection.execute(delete(outbox).where(outbox.c.sent_at < before))
        return int(deleted.rowcount)

    async def lead(self, holder: str, *, lease_s: float) -> bool:
        """See messaging.store.Outbox."""
        leases = self._tables.leases
        now = datetime.now(UTC)
        statement = upsert(self._db, leases).values(
            name="relay", holder=holder, until=now + timedelta(seconds=lease_s)
        )
        async with self._db.write() as connection:
            taken = await connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["name"],
                    set_={"holder": statement.excluded.holder, "until": statement.excluded.until},
                    # One that lasts too long was taken before the clock was set back.
                    where=(leases.c.holder == holder)
                    | (leases.c.until < now)
                    | (leases.c.until > now + timedelta(seconds=2 * lease_s)),
                )
            )
        return bool(taken.rowcount == 1)
