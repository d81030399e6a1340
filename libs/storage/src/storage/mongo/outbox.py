"""The relay's view of a MongoDB store."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from pymongo import ReplaceOne
from pymongo.errors import DuplicateKeyError

from messaging.signal import Signal
from messaging.store import LogEnd, LogEnds, Parcel
from storage.codec import unpack
from storage.mongo.database import MongoDatabase
from storage.mongo.moments import created_between


class MongoOutbox:
    """See messaging.store.Outbox. `wake` is set when something is to be sent again."""

    def __init__(self, database: MongoDatabase, wake: Signal) -> None:
        self._database = database
        self._outbox = database["outbox"]
        self._wake = wake

    async def unsent(self, limit: int) -> list[Parcel]:
        """See messaging.store.Outbox.

        Nothing overtakes a parcel that is held back until its documents have been written.
        """
        rows = self._outbox.find({"sent_at": None}).sort("_id").limit(limit)
        free = takewhile(lambda row: "is_held" not in row, await rows.to_list())
        return [Parcel(id=row["_id"], messages=unpack(row["messages"])) for row in free]

    async def mark_sent(self, ids: Sequence[int], log_ends: LogEnds) -> None:
        """See messaging.store.Outbox. The ends come first: a parcel may be sent twice, not lost."""
        if log_ends:
            writes = [
                ReplaceOne(
                    {"_id": f"{topic}/{partition}"},
                    {
                        "topic": topic,
                        "partition": partition,
                        "next_offset": end.next_offset,
                        "message_id": end.message_id,
                    },
                    upsert=True,
                )
                for (topic, partition), end in log_ends.items()
            ]
            await self._database["log_ends"].bulk_write(writes, ordered=False)
        if ids:
            sent = {"$set": {"sent_at": datetime.now(UTC)}}
            await self._outbox.update_many({"_id": {"$in": list(ids)}}, sent)

    async def log_ends(self) -> dict[tuple[str, int], LogEnd]:
        """See messaging.store.Outbox."""
        return {
            (row["topic"], row["partition"]): LogEnd(
                next_offset=row["next_offset"], message_id=row["message_id"]
            )
            async for row in self._database["log_ends"].find()
        }

    async def resend(self, *, since: datetime, until: datetime | None = None) -> int:
        """See messaging.store.Outbox."""
        lost = created_between(since, until)
        marked = await self._outbox.update_many(lost, {"$set": {"sent_at": None}})
        await self._database["log_ends"].delete_many({})
        self._wake.set()
        return marked.matched_count

    async def purge(self, *, before: datetime) -> int:
        """See messaging.store.Outbox."""
        return (await self._outbox.delete_many({"sent_at": {"$lt": before}})).deleted_count

    async def lead(self, holder: str, *, lease_s: float) -> bool:
        """See messaging.store.Outbox."""
        leases, now = self._database["leases"], datetime.now(UTC)
        lease = {"holder": holder, "until": now + timedelta(seconds=lease_s)}
        free = {"_id": "relay", "$or": [{"holder": holder}, {"until": {"$lt": now}}]}
        if (await leases.update_one(free, {"$set": lease})).matched_count:
            return True
        try:
            await leases.insert_one({"_id": "relay", **lease})
        except DuplicateKeyError:
            return False
        return True
