"""Puts messages into the outbox of a SQL store."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from messaging.envelope import Outgoing
from storage.codec import parcels
from storage.database import Database
from storage.notify import OUTBOX_CHANNEL, call
from storage.tables import DeliveryTables


async def post(
    db: Database,
    connection: AsyncConnection,
    tables: DeliveryTables,
    messages: Sequence[Outgoing],
) -> None:
    """Add messages, in order, to the transaction on `connection`; its commit wakes the relay."""
    if not messages:
        return
    now = datetime.now(UTC)
    rows = [{"messages": parcel, "created_at": now} for parcel in parcels(messages)]
    statement = insert(tables.outbox)
    if not db.is_sqlite:
        # In the same statement, for it saves every commit a trip to the store.
        statement = statement.returning(call(db, OUTBOX_CHANNEL))
    await connection.execute(statement, rows)
