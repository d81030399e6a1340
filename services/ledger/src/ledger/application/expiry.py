"""Lets open holds expire when their time is over: sees them, and has the ledger told.

What becomes of them is decided like any other command, for a capture may have come first.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from ledger.application.ports import DueHolds


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(kw_only=True)
class Expiry:
    """Looks for due holds every `poll_s` and sends for at most `batch` of them at a time.

    A hold that is still due a minute later is sent for again, however it came to that.
    """

    holds: DueHolds
    now: Callable[[], datetime] = _now
    poll_s: float = 5.0
    batch: int = 500
    _sent: set[UUID] = field(default_factory=set, init=False)
    _minute: int = field(default=0, init=False)

    async def run(self) -> None:
        """Until cancelled. Raises what the store raises when it is away."""
        while True:
            await self.expire_once()
            await asyncio.sleep(self.poll_s)

    async def expire_once(self) -> int:
        """Send for the oldest that haven't been sent for in this minute; returns how many."""
        now = self.now()
        minute = minute_of(now)
        if minute != self._minute:
            self._minute = minute
            self._sent.clear()
        # Those that were sent for are among the oldest until the ledger has come to them.
        found = await self.holds.due(now, self.batch + len(self._sent))
        new = [(book, hold_id) for book, hold_id in found if hold_id not in self._sent]
        due = new[: self.batch]
        if due:
            await self.holds.expire(due, minute)
            self._sent.update(hold_id for _book, hold_id in due)
        return len(due)


def minute_of(moment: datetime) -> int:
    """Since 1970."""
    return int(moment.timestamp()) // 60
