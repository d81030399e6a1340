"""Publishes one topic's messages again, out of what the outbox of a MongoDB store has kept."""

from datetime import datetime
from typing import Final

from storage.codec import unpack
from storage.mongo.database import MongoDatabase
from storage.mongo.moments import created_between
from storage.mongo.posting import post

PAGE: Final = 500
"""Parcels that are looked through before the next ones are posted."""


async def replay_topic(
    database: MongoDatabase, topic: str, *, since: datetime, until: datetime
) -> int:
    """See storage.replay.replay_topic. What is posted meanwhile isn't sent, and so not seen."""
    count, after = 0, 0
    window = created_between(since, until) | {"sent_at": {"$ne": None}}
    while True:
        page = database["outbox"].find({**window, "_id": {"$gt": after}}).sort("_id").limit(PAGE)
        rows = await page.to_list()
        if not rows:
            return count
        found = [message for row in rows for message in unpack(row["messages"])]
        messages = [message for message in found if message.topic == topic]
        await post(database, messages)
        count, after = count + len(messages), rows[-1]["_id"]
