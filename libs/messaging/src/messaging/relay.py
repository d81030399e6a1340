"""Publishes what has been committed: the one active relay of a store."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.structs import RecordMetadata

from messaging.envelope import Outgoing
from messaging.metrics import PUBLISHED, RESENT, UNSENT
from messaging.pauses import pauses_s
from messaging.signal import Signal
from messaging.store import Outbox, Parcel

log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Relay:
    """Publishes unsent parcels in order, and again when the log turns out shorter than published.

    `replay_window_s` is how far back a lost log is rebuilt. While another instance holds the lease,
    this one waits; a `holder` with a lasting name takes its own lease back at once when it was
    killed.
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

    async def run(self) -> None:
        """Until cancelled. Errors of the broker or the store are waited out with growing pauses."""
        pauses = pauses_s()
        while True:
            try:
                async with _Log(self.bootstrap_servers, self.send_timeout_s) as kafka:
                    pauses = pauses_s()
                    await self._serve(kafka)
            except Exception as error:
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
            if not await self.publish_once(kafka):
                await self.wake.wait(at_most_s=self.poll_s)

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
        known = await self.outbox.log_ends()
        shorter = [place for place, end in ends.items() if end <= known.get(place, 0)]
        if shorter:
            await self._resend(f"{shorter} go on below what was published")
        await self.outbox.mark_sent([parcel.id for parcel in parcels], ends)
        return len(parcels)

    async def _rebuild_a_lost_log(self, kafka: "_Log") -> None:
        published = await self.outbox.log_ends()
        if not published:
            return
        ends = await kafka.ends(list(published))
        shorter = [place for place, end in published.items() if ends.get(place, 0) < end]
        if shorter:
            await self._resend(f"{shorter} end before what was published")

    async def _resend(self, why: str) -> None:
        since = datetime.now(UTC) - timedelta(seconds=self.replay_window_s)
        count = await self.outbox.resend(since=since)
        RESENT.inc(count)
        log.warning("the log was cut short, %d outbox rows are published again: %s", count, why)


class _Log:
    """A producer, and a consumer that only asks for the ends of partitions."""

    def __init__(self, bootstrap_servers: str, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap_servers,
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=256 * 1024,
            max_request_size=4 * 1024 * 1024,
            request_timeout_ms=int(timeout_s * 1000),
        )
        self._asker = AIOKafkaConsumer(
            bootstrap_servers=bootstrap_servers, request_timeout_ms=int(timeout_s * 1000)
        )

    async def __aenter__(self) -> Self:
        try:
            await self._producer.start()
            await self._asker.start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    async def _stop(self) -> None:
        for client in (self._producer, self._asker):
            try:
                async with asyncio.timeout(5):
                    await client.stop()
            except Exception as error:
                log.warning("a Kafka client did not stop: %r", error)

    async def publish(self, parcels: Sequence[Parcel]) -> dict[tuple[str, int], int]:
        """All messages, in order per key; returns the ends of the partitions they went to.

        Raises what the producer raises, and TimeoutError when it gets stuck.
        """
        async with asyncio.timeout(self._timeout_s):
            sent = [await self._send(message) for parcel in parcels for message in parcel.messages]
            ends: dict[tuple[str, int], int] = {}
            for metadata in await asyncio.gather(*sent):
                PUBLISHED.labels(metadata.topic).inc()
                place = (metadata.topic, metadata.partition)
                ends[place] = max(ends.get(place, 0), metadata.offset + 1)
            return ends

    async def _send(self, message: Outgoing) -> "asyncio.Future[RecordMetadata]":
        future: asyncio.Future[RecordMetadata] = await self._producer.send(
            message.topic,
            value=message.value.encode(),
            key=message.key.encode(),
            partition=message.partition,
            headers=[(name, text.encode()) for name, text in message.headers.items()],
        )
        return future

    async def ends(self, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """The next offset of each partition."""
        async with asyncio.timeout(self._timeout_s):
            partitions = [TopicPartition(topic, partition) for topic, partition in places]
            found = await self._asker.end_offsets(partitions)
        return {(place.topic, place.partition): end for place, end in found.items()}
