"""The durable inbox in a MongoDB store."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import ReturnDocument

from contracts.ids import new_id
from messaging.store import Job
from storage.mongo.database import Document, MongoDatabase


class MongoJobs:
    """See messaging.store.Jobs. A job that has ended leaves a mark until it is old."""

    def __init__(self, database: MongoDatabase) -> None:
        self._jobs = database["jobs"]

    async def lease(self, limit: int, *, lease_s: float) -> list[Job]:
        """See messaging.store.Jobs."""
        now = datetime.now(UTC)
        heads = await (await self._jobs.aggregate(_heads(now, limit))).to_list()
        taken = [await self._take(head, now, lease_s) for head in heads]
        return [job for job in taken if job is not None]

    async def renew(self, job: Job, *, lease_s: float) -> bool:
        """See messaging.store.Jobs."""
        until = datetime.now(UTC) + timedelta(seconds=lease_s)
        return await self._change(job, leased_until=until)

    async def pause(
        self, job: Job, *, until: datetime, error: str, is_counted: bool = True
    ) -> None:
        """See messaging.store.Jobs."""
        await self._change(
            job,
            not_before=until,
            error=error,
            attempts=job.attempts if is_counted else job.attempts - 1,
            lease=None,
            leased_until=None,
        )

    async def _take(self, head: Document, now: datetime, lease_s: float) -> Job | None:
        """None when somebody else has been faster."""
        row = await self._jobs.find_one_and_update(
            {"_id": head["_id"], "lease": head["lease"], **_is_ready(now)},
            {
                "$set": {"lease": new_id(), "leased_until": now + timedelta(seconds=lease_s)},
                "$inc": {"attempts": 1},
            },
            return_document=ReturnDocument.AFTER,
        )
        if row is None:
            return None
        return Job(
            id=row["_id"],
            key=row["key"],
            value=row["value"],
            headers=dict(row["headers"]),
            attempts=row["attempts"],
            lease=row["lease"],
        )

    async def _change(self, job: Job, **values: object) -> bool:
        mine = {"_id": job.id, "lease": job.lease, "ended_at": None}
        return bool((await self._jobs.update_one(mine, {"$set": values})).matched_count)


def _is_ready(now: datetime) -> dict[str, Any]:
    """Nobody has it, its pause is over, and it isn't being ended."""
    return {
        "ended_at": None,
        "delivery.lock": None,
        "$and": [
            {"$or": [{"leased_until": None}, {"leased_until": {"$lt": now}}]},
            {"$or": [{"not_before": None}, {"not_before": {"$lte": now}}]},
        ],
    }


def _heads(now: datetime, limit: int) -> list[dict[str, Any]]:
    """The first job of each key, if it is ready."""
    return [
        {"$match": {"ended_at": None}},
        {"$sort": {"position": 1}},
        {"$group": {"_id": "$key", "job": {"$first": "$$ROOT"}}},
        {"$replaceRoot": {"newRoot": "$job"}},
        {"$match": _is_ready(now)},
        {"$sort": {"position": 1}},
        {"$limit": limit},
    ]
