"""Asks again: a command whose outcome hasn't come is sent once more, after a growing pause.

A duplicate is answered with the stored outcome, so a broker that forgets delays, and never loses.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from messaging.metrics import ASKED_AGAIN
from messaging.pauses import pause_s
from messaging.store import Requests

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 600.0


@dataclass(kw_only=True)
class Asker:
    """Looks for overdue requests every `poll_s` and posts at most `batch` of them at a time.

    So many a second, and no more, however slow the others are. While `is_paused` says so, nothing
    is asked: what can't be sent now needn't be sent twice.
    """

    requests: Requests
    is_paused: Callable[[], bool] = lambda: False
    poll_s: float = 1.0
    batch: int = 100

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.ask_once()
            except Exception as error:
                log.warning("requests can't be read: %r", error)
            await asyncio.sleep(self.poll_s)

    async def ask_once(self) -> int:
        """Post the requests that are due; returns how many."""
        if self.is_paused():
            return 0
        now = datetime.now(UTC)
        due = await self.requests.due(now, self.batch)
        if due:
            again = {
                request.command_id: now + timedelta(seconds=pause_after(asked + 1))
                for request, asked in due
            }
            await self.requests.ask_again(again)
            ASKED_AGAIN.inc(len(due))
        return len(due)


def pause_after(asked: int) -> float:
    """How long to wait for an outcome, in seconds, after a command was sent that many times."""
    return pause_s(asked, first_s=FIRST_PAUSE_S * 2, longest_s=LONGEST_PAUSE_S)
