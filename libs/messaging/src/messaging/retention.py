"""Forgets what has been sent, and what was received, when it is old enough."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from messaging.store import Inbox, Outbox


@dataclass(frozen=True, kw_only=True)
class Retention:
    """Keeps outbox and inbox for `keep_s` seconds, and looks every `every_s`.

    For as long as a message is in the outbox a lost log can be rebuilt with it; for as long as it
    is in the inbox a duplicate is known, so it must be longer than a log keeps records: seven days,
    and one more until their segment is full. Nothing that is still owed is ever forgotten.
    """

    outbox: Outbox
    inbox: Inbox
    keep_s: float = 9 * 86_400.0
    every_s: float = 300.0

    async def run(self) -> None:
        """Until cancelled. Raises what the store raises when it is away."""
        while True:
            await self.purge_once()
            await asyncio.sleep(self.every_s)

    async def purge_once(self) -> int:
        """Returns how many rows are gone."""
        before = datetime.now(UTC) - timedelta(seconds=self.keep_s)
        return await self.outbox.purge(before=before) + await self.inbox.purge(before=before)
