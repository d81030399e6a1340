"""Publishes to the log: the messages of one call in one batch per partition."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.structs import RecordMetadata

from messaging.envelope import Outgoing
from messaging.log_reader import Place, shortened
from messaging.metrics import PUBLISHED
from messaging.placing import partitions_of
from messaging.record_batch import in_batches
from messaging.record_format import key_of
from messaging.store import LogEnd

BATCH_BYTES: Final = 256 * 1024
"""A broker takes a megabyte at once, if it isn't told otherwise. One message may be larger."""

MESSAGE_BYTES: Final = 4 * 1024 * 1024


class LogWriter:
    """An idempotent producer of its own. Each call takes at most `timeout_s`.

    Batches are put together here, of records as they are: aiokafka's `send` makes a future and a
    task's switch of every message. Its producer is started by `start` and ends with `stop`.
    """

    def __init__(self, bootstrap_servers: str, *, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap_servers,
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=BATCH_BYTES,
            max_request_size=MESSAGE_BYTES,
            request_timeout_ms=int(timeout_s * 1000),
        )

    async def start(self) -> None:
        """Connect. Raises what aiokafka raises when there is no broker."""
        await self._producer.start()

    async def stop(self) -> None:
        """Give the connection back."""
        await self._producer.stop()

    async def publish(self, messages: Sequence[Outgoing]) -> dict[Place, LogEnd]:
        """Send all, in order per partition; returns the ends of the partitions they went to.

        Raises what the producer raises, and TimeoutError when it gets stuck.
        """
        async with asyncio.timeout(self._timeout_s):
            by_place = await self._by_place(messages)
            ends = await asyncio.gather(*(self._send(*item) for item in by_place.items()))
        for topic, count in Counter(message.topic for message in messages).items():
            PUBLISHED.labels(topic).inc(count)
        return {place: end for place, end in zip(by_place, ends, strict=True) if end}

    async def _by_place(self, messages: Sequence[Outgoing]) -> dict[Place, list[Outgoing]]:
        places = await self._places([message for message in messages if message.partition is None])
        by_place: defaultdict[Place, list[Outgoing]] = defaultdict(list)
        for message in messages:
            topic, partition = message.topic, message.partition
            if partition is None:
                partition = places[topic][key_of(message.record) or b""]
            by_place[topic, partition].append(message)
        return by_place

    async def _places(self, messages: Sequence[Outgoing]) -> dict[str, dict[bytes, int]]:
        """By topic and key."""
        keys: defaultdict[str, list[bytes]] = defaultdict(list)
        for message in messages:
            keys[message.topic].append(key_of(message.record) or b"")
        return {
            topic: partitions_of(some, len(await self._producer.partitions_for(topic)))
            for topic, some in keys.items()
        }

    async def _send(self, place: Place, messages: Sequence[Outgoing]) -> LogEnd | None:
        """The end after them, unless the broker has had them before and doesn't say where."""
        topic, partition = place
        batches = in_batches(
            [message.record for message in messages],
            size_bytes=BATCH_BYTES,
            time_ms=int(time.time() * 1000),
        )
        acknowledged: list[asyncio.Future[RecordMetadata]] = []
        for batch in batches:
            future = await self._producer.send_batch(batch, topic, partition=partition)
            acknowledged.append(future)
        metadata = (await asyncio.gather(*acknowledged))[-1]
        if metadata.offset < 0:
            return None
        return LogEnd(
            next_offset=metadata.offset + batches[-1].record_count(),
            message_id=shortened(messages[-1].headers.get("ce_id", "").encode()),
        )
