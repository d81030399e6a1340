"""Keeps index and files in step with the store for as long as the service runs."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ingest.application.keep_in_step import Housekeeping

_UNCLAIMED_EVERY_S = 3600.0
# What was accepted before a long stop comes from the log first, and its upload must be here then.
_UNCLAIMED_NOT_BEFORE_S = 24 * 3600.0


class IndexNotReady(Exception):
    """Some documents can't be found yet."""


@dataclass(kw_only=True)
class UpkeepLoop:
    """Reconciles once, then removes what has to go, every `poll_s`."""

    housekeeping: Housekeeping
    unclaimed_after: timedelta
    poll_s: float = 2.0
    # Unlike the time of day it stands still while a laptop sleeps.
    clock: Callable[[], float] = time.monotonic
    _is_reconciled: bool = field(default=False, init=False)
    _next_unclaimed_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._next_unclaimed_s = self.clock() + _UNCLAIMED_NOT_BEFORE_S

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
        if self.clock() >= self._next_unclaimed_s:
            saved_before = datetime.now(UTC) - self.unclaimed_after
            await self.housekeeping.drop_unclaimed(saved_before=saved_before)
            self._next_unclaimed_s = self.clock() + _UNCLAIMED_EVERY_S

    async def check(self) -> None:
        """Raise IndexNotReady until index and store agree."""
        if not self._is_reconciled:
            raise IndexNotReady("the index is being brought in step with the store")
