import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete

from auth.adapters.tables import sessions
from storage.database import Database

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SessionSweeper:
    """Deletes sessions that have expired, with all their refresh tokens."""

    db: Database
    pause_s: float = 3_600.0

    async def run(self) -> None:
        while True:
            if swept := await self.sweep(datetime.now(UTC)):
                log.info("%d expired sessions are gone", swept)
            await asyncio.sleep(self.pause_s)

    async def sweep(self, now: datetime) -> int:
        async with self.db.write() as connection:
            deleted = await connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
        return int(deleted.rowcount)
