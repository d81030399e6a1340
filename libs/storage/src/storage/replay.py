"""Publishes one topic's messages again, out of what the outbox of a SQL store has kept."""

from datetime import datetime
from typing import Final

from sqlalchemy import select

from storage.codec import unpack
from storage.database import Database
from storage.posting import post
from storage.tables import DeliveryTables

PAGE: Final = 500
"""Parcels that are looked through in one transaction."""


async def replay_topic(
    db: Database, tables: DeliveryTables, topic: str, *, since: datetime, until: datetime
) -> int:
    """Post again, in order, what was sent to `topic` of all that was committed in that time.

    A parcel holds messages of several topics, so they go into parcels of their own; what is still
    unsent is left to its turn. Returns the number of messages.
    """
    count, after = 0, 0
    while True:
        messages, last = await _repost(db, tables, topic, since=since, until=until, after=after)
        if last is None:
            return count
        count, after = count + messages, last


async def _repost(
    db: Database,
    tables: DeliveryTables,
    topic: str,
    *,
    since: datetime,
    until: datetime,
    after: int,
) -> tuple[int, int | None]:
    """One page: how many messages it had, and its last id."""
    outbox = tables.outbox
    query = (
        select(outbox.c.id, outbox.c.messages)
        .where(outbox.c.created_at >= since, outbox.c.created_at < until)
        .where(outbox.c.id > after, outbox.c.sent_at.is_not(None))
        .order_by(outbox.c.id)
        .limit(PAGE)
    )
    async with db.write() as connection:
        rows = (await connection.execute(query)).all()
        found = [message for row in rows for message in unpack(row.messages)]
        messages = [message for message in found if message.topic == topic]
        await post(db, connection, tables, messages)
    return len(messages), rows[-1].id if rows else None
