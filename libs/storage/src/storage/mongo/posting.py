"""Puts messages into the outbox of a MongoDB store."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from messaging.envelope import Outgoing
from storage.codec import PARCEL_SIZE, parcel
from storage.mongo.database import Document, MongoDatabase, next_number

PARCEL_BYTES: Final = 2 * 1024 * 1024
"""A parcel is a document, and part of a unit; only a single message may be larger."""


def parcels_of(messages: Sequence[Outgoing]) -> list[Document]:
    """Messages as parcels, in order."""
    parcels: list[list[Outgoing]] = []
    size = 0
    for message in messages:
        size += len(message.record)
        if not parcels or len(parcels[-1]) == PARCEL_SIZE or size > PARCEL_BYTES:
            parcels.append([])
            size = len(message.record)
        parcels[-1].append(message)
    return [{"messages": parcel(some)} for some in parcels]


async def numbered(
    parcels: Sequence[Document], now: datetime, database: MongoDatabase
) -> list[Document]:
    """The same with their places in the order of the outbox, ready to be inserted."""
    if not parcels:
        return []
    first = await next_number(database, "outbox", len(parcels))
    unsent = {"created_at": now, "sent_at": None}
    return [{"_id": id, **parcel, **unsent} for id, parcel in enumerate(parcels, first)]


async def post(database: MongoDatabase, messages: Sequence[Outgoing]) -> None:
    """Add messages, in order, to the outbox at once, outside any transaction."""
    parcels = await numbered(parcels_of(messages), datetime.now(UTC), database)
    if parcels:
        await database["outbox"].insert_many(parcels)
