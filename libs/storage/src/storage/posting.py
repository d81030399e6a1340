"""Puts messages into the outbox of a SQL store."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from messaging.envelope import Outgoing
from storage.codec import pack
from storage.database import Database
from storage.notify import OUTBOX_CHANNEL, call
from storage.tables import DeliveryTables

PARCEL_SIZE: Final = 200
"""Messages of one transaction share outbox rows of this many."""


async def post(
    db: Database,
    connection: AsyncConnection,
    tables: DeliveryTables,
    messages: Sequence[Outgoing],
) -> None:
    """Add messages, in order, to the transaction on `connection`; its commit wakes the relay."""
    now = datetime.now(UTC)
    rows = [
        {"messages": pack(messages[start : start + PARCEL_SIZE]), "created_at": now}
        for start in range(0, len(messages), PARCEL_SIZE)
    ]
    if not rows:
        return
    statement = insert(tables.outbox)
    if not db.is_sqlite:
        # In the same statement, for it saves every commit a trip to the store.
        statement = statement.returning(call(db, OUTBOX_CHANNEL))
    await connection.execute(statement, rows)
