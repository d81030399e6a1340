"""The durable inbox in a SQL store."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Select, select, update

from contracts.ids import new_id
from messaging.store import Job
from storage.database import Database
from storage.tables import DeliveryTables


class SqlJobs:
    """See messaging.store.Jobs."""

    def __init__(self, db: Database, tables: DeliveryTables) -> None:
        self._db = db
        self._jobs = tables.jobs

    async def lease(self, limit: int, *, lease_s: float) -> list[Job]:
        """See messaging.store.Jobs."""
        now = datetime.now(UTC)
        async with self._db.read() as connection:
            if not (await connection.execute(self._heads(now, 1))).first():
                return []
        async with self._db.write() as connection:
            query = self._heads(now, limit).with_for_update(skip_locked=True)
            rows = (await connection.execute(query)).all()
            leased = [
                Job(
                    id=row.id,
                    key=row.key,
                    value=row.value,
                    headers=row.headers,
                    attempts=row.attempts + 1,
                    lease=new_id(),
                )
                for row in rows
            ]
            for job in leased:
                await connection.execute(
                    update(self._jobs)
                    .where(self._jobs.c.id == job.id)
                    .values(
                        lease=job.lease,
                        leased_until=now + timedelta(seconds=lease_s),
                        attempts=job.attempts,
                    )
                )
        return leased

    async def renew(self, job: Job, *, lease_s: float) -> bool:
        """See messaging.store.Jobs."""
        until = datetime.now(UTC) + timedelta(seconds=lease_s)
        return await self._change(job, leased_until=until)

    async def pause(
        self, job: Job, *, until: datetime, error: str, is_counted: bool = True
    ) -> None:
        """See messaging.store.Jobs."""
        attempts = job.attempts if is_counted else job.attempts - 1
        await self._change(
            job,
            not_before=until,
            error=error,
            attempts=attempts,
            lease=None,
            leased_until=None,
        )

    async def _change(self, job: Job, **values: object) -> bool:
        mine = (self._jobs.c.id == job.id) & (self._jobs.c.lease == job.lease)
        async with self._db.write() as connection:
            changed = await connection.execute(update(self._jobs).where(mine).values(**values))
        return bool(changed.rowcount == 1)

    def _heads(self, now: datetime, limit: int) -> "Select[tuple[object, ...]]":
        """The first job of each key, if nobody has it and its pause is over."""
        jobs, earlier = self._jobs, self._jobs.alias("earlier")
        is_free = jobs.c.leased_until.is_(None) | (jobs.c.leased_until < now)
        is_rested = jobs.c.not_before.is_(None) | (jobs.c.not_before <= now)
        has_earlier = (
            select(earlier.c.id)
            .where(earlier.c.key == jobs.c.key, earlier.c.position < jobs.c.position)
            .exists()
        )
        return (
            select(jobs)
            .where(is_free, is_rested, ~has_earlier)
            .order_by(jobs.c.position)
            .limit(limit)
        )
