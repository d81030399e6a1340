"""Keeps index and files in step with the store for as long as the service runs."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ingest.application.keep_in_step import Housekeeping

_UNCLAIMED_EVERY = timedelta(hours=1)


class IndexNotReady(Exception):
    """Some documents can't be found yet."""


@dataclass(kw_only=True)
class UpkeepLoop:
    """Reconciles once, then removes what has to go, every `poll_s`."""

    housekeeping: Housekeeping
    unclaimed_after: timedelta
    poll_s: float = 2.0
    _is_reconciled: bool = field(default=False, init=False)
    _next_unclaimed: datetime = field(default=datetime.min.replace(tzinfo=UTC), init=False)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.run_once()
            await asyncio.sleep(self.poll_s)

    async def run_once(self) -> None:
        if not self._is_reconciled:
            await self.housekeeping.reconcile()
            self._is_reconciled = True
        await self.housekeeping.finish_removals()
        now = datetime.now(UTC)
        if now >= self._next_unclaimed:
            await self.housekeeping.drop_unclaimed(saved_before=now - self.unclaimed_after)
            self._next_unclaimed = now + _UNCLAIMED_EVERY

    async def check(self) -> None:
        """Raise IndexNotReady until index and store agree."""
        if not self._is_reconciled:
            raise IndexNotReady("the index is being brought in step with the store")
