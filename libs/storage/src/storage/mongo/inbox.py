"""What has been received by a MongoDB store, beyond the transaction that received it."""

from datetime import datetime

from storage.mongo.database import MongoDatabase


class MongoInbox:
    """See messaging.store.Inbox."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    async def purge(self, *, before: datetime) -> int:
        """See messaging.store.Inbox. What is left of old units goes with it."""
        for collection, moment in _MARKS.items():
            await self._database[collection].delete_many({moment: {"$lt": before}})
        deleted = await self._database["inbox"].delete_many(
            {
                "received_at": {"$lt": before},
                "delivery.lock": None,
                "delivery.unit": None,
                "$or": [{"reply_topic": None}, {"settlement": {"$ne": None}}],
            }
        )
        return deleted.deleted_count


_MARKS = {
    "requests": "answered_at",
    "jobs": "ended_at",
    "units": "aborted_at",
    "parts": "created_at",
}
