"""Commands that are asked again until their outcome is here, in a MongoDB store."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from messaging.signal import Signal
from messaging.work import Request
from storage.codec import unpack
from storage.mongo.database import MongoDatabase
from storage.mongo.posting import post


class MongoRequests:
    """See messaging.store.Requests. `outbox_wake` is set when something has been posted.

    An answered request leaves a mark, so that a unit that is finished late doesn't bring it back.
    """

    def __init__(self, database: MongoDatabase, outbox_wake: Signal) -> None:
        self._database = database
        self._requests = database["requests"]
        self._outbox_wake = outbox_wake

    async def due(self, now: datetime, limit: int) -> list[tuple[Request, int]]:
        """See messaging.store.Requests."""
        waiting = {"answered_at": None, "ask_again_at": {"$lte": now}}
        rows = self._requests.find(waiting).sort("ask_again_at").limit(limit)
        return [
            (Request(command_id=row["_id"], message=unpack(row["message"])[0]), row["asked"])
            async for row in rows
        ]

    async def ask_again(self, requests: Mapping[UUID, datetime]) -> None:
        """See messaging.store.Requests. Posted first: better asked twice than not at all."""
        waiting = {"_id": {"$in": list(requests)}, "answered_at": None}
        rows = await self._requests.find(waiting).to_list()
        if not rows:
            return
        messages = [message for row in rows for message in unpack(row["message"])]
        await post(self._database, messages)
        for row in rows:
            turn = {"$set": {"ask_again_at": requests[row["_id"]]}, "$inc": {"asked": 1}}
            await self._requests.update_one({"_id": row["_id"]}, turn)
        self._outbox_wake.set()
