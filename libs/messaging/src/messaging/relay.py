"""Publishes what has been committed: the one active relay of a store."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self
from uuid import uuid4

from messaging.log_reader import LogReader, Mark, Place
from messaging.log_writer import LogWriter
from messaging.metrics import RELAY_TROUBLE, RESENT, UNSENT
from messaging.pauses import pauses_s
from messaging.signal import Signal
from messaging.store import LogEnd, LogEnds, Outbox, Parcel

log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Relay:
    """Publishes unsent parcels in order, and again when the log turns out shorter than published.

    `replay_window_s` is how far back a lost log is rebuilt. While another instance holds the lease,
    this one waits; a `holder` with a lasting name takes its own lease back at once when it was
    killed. `trouble` is why it can't publish now.
    """

    bootstrap_servers: str
    outbox: Outbox
    wake: Signal
    batch: int = 200
    poll_s: float = 1.0
    holder: str = field(default_factory=lambda: uuid4().hex)
    lease_s: float = 10.0
    check_s: float = 3.0
    send_timeout_s: float = 20.0
    replay_window_s: float = 3_600.0
    trouble: str | None = field(default=None, init=False)
    _ends: dict[Place, LogEnd] = field(default_factory=dict, init=False)

    async def run(self) -> None:
        """Until cancelled. Errors of the broker or the store are waited out with growing pauses."""
        pauses = pauses_s()
        while True:
            try:
                async with _Log(self.bootstrap_servers, self.send_timeout_s) as kafka:
                    await self._serve(kafka)
            except Exception as error:
                if self.trouble is None:
                    pauses = pauses_s()
                self._set_trouble(repr(error))
                pause = next(pauses)
                log.warning("the relay starts anew in %.1f s: %r", pause, error)
                await asyncio.sleep(pause)

    async def _serve(self, kafka: "_Log") -> None:
        clock = asyncio.get_running_loop().time
        next_lease = next_check = clock()
        while True:
            if clock() >= next_lease:
                if not await self.outbox.lead(self.holder, lease_s=self.lease_s):
                    await asyncio.sleep(self.lease_s / 3)
                    continue
                next_lease = clock() + self.lease_s / 3
            if clock() >= next_check:
                await self._rebuild_a_lost_log(kafka)
                next_check = clock() + self.check_s
            published = await self.publish_once(kafka)
            self._set_trouble(None)
            if published < self.batch:
                # That was all there was, and whatever is committed from now on wakes it.
                await self.wake.wait(at_most_s=self.poll_s)

    def _set_trouble(self, trouble: str | None) -> None:
        self.trouble = trouble
        RELAY_TROUBLE.set(trouble is not None)

    async def emptied(self) -> None:
        """Return when nothing is waiting in the outbox, while `run` goes on elsewhere."""
        for pause in pauses_s(first_s=0.02, longest_s=0.2):
            if not await self.outbox.unsent(1):
                return
            await asyncio.sleep(pause)

    async def publish_once(self, kafka: "_Log") -> int:
        """Publish one batch of parcels; returns how many."""
        parcels = await self.outbox.unsent(self.batch)
        UNSENT.set(bool(parcels))
        if not parcels:
            return 0
        ends = await kafka.publish(parcels)
        shorter = [
            place
            for place, end in ends.items()
            if place in self._ends and end.next_offset <= self._ends[place].next_offset
        ]
        if shorter:
            await self._resend(f"{shorter} go on below what was published")
        await self.outbox.mark_sent([parcel.id for parcel in parcels], ends)
        self._ends |= ends
        UNSENT.set(len(parcels) == self.batch)
        return len(parcels)

    async def _rebuild_a_lost_log(self, kafka: "_Log") -> None:
        self._ends = await self.outbox.log_ends()
        changed = await kafka.changed(self._ends)
        if changed:
            await self._resend(f"{sorted(changed)} don't end as they were published")

    async def _resend(self, why: str) -> None:
        since = datetime.now(UTC) - timedelta(seconds=self.replay_window_s)
        count = await self.outbox.resend(since=since)
        self._ends.clear()
        RESENT.inc(count)
        self.wake.set()
        log.warning("a log was lost, %d outbox rows are published again: %s", count, why)


class _Log:
    """A writer, and a reader that looks back at what was written."""

    def __init__(self, bootstrap_servers: str, timeout_s: float) -> None:
        self._writer = LogWriter(bootstrap_servers, timeout_s=timeout_s)
        self._reader = LogReader(bootstrap_servers, timeout_s=timeout_s)

    async def __aenter__(self) -> Self:
        try:
            await self._writer.start()
            await self._reader.start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    async def _stop(self) -> None:
        for client in (self._writer, self._reader):
            try:
                async with asyncio.timeout(5):
                    await client.stop()
            except Exception as error:
                log.warning("a Kafka client did not stop: %r", error)

    async def publish(self, parcels: Sequence[Parcel]) -> dict[Place, LogEnd]:
        """See LogWriter.publish."""
        return await self._writer.publish(
            [message for parcel in parcels for message in parcel.messages]
        )

    async def changed(self, ends: LogEnds) -> set[Place]:
        """The partitions whose log isn't the one that was published to."""
        return await self._reader.changed(
            {
                place: Mark(offset=end.next_offset - 1, message_id=end.message_id)
                for place, end in ends.items()
            }
        )
