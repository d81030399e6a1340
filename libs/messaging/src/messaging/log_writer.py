"""Publishes to the log: the messages of one call in one batch per partition."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata

from messaging.envelope import Outgoing
from messaging.log_reader import Place, shortened
from messaging.metrics import PUBLISHED
from messaging.store import LogEnd

BATCH_BYTES: Final = 256 * 1024
"""A broker takes a megabyte at once, if it isn't told otherwise. One message may be larger."""

MESSAGE_BYTES: Final = 4 * 1024 * 1024

_partition_of_key: Final = DefaultPartitioner()


class LogWriter:
    """An idempotent producer of its own. Each call takes at most `timeout_s`.

    Batches are filled here: aiokafka's `send` makes a future and a task's switch of every message,
    and takes four times as long. Its producer is started by `start` and ends with `stop`.
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
        by_place: defaultdict[Place, list[Outgoing]] = defaultdict(list)
        async with asyncio.timeout(self._timeout_s):
            for message in messages:
                by_place[message.topic, await self._partition(message)].append(message)
            ends = await asyncio.gather(*(self._send(*item) for item in by_place.items()))
        for topic, count in Counter(message.topic for message in messages).items():
            PUBLISHED.labels(topic).inc(count)
        return {place: end for place, end in zip(by_place, ends, strict=True) if end}

    async def _partition(self, message: Outgoing) -> int:
        if message.partition is not None:
            return message.partition
        partitions = await self._producer.partitions_for(message.topic)
        return _place_of(message.key, tuple(sorted(partitions)))

    async def _send(self, place: Place, messages: Sequence[Outgoing]) -> LogEnd | None:
        """The end after them, unless the broker has had them before and doesn't say where."""
        topic, partition = place
        acknowledged: list[asyncio.Future[RecordMetadata]] = []
        batches = _batches(self._producer, messages)
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


def _batches(producer: AIOKafkaProducer, messages: Sequence[Outgoing]) -> list[BatchBuilder]:
    batches = [producer.create_batch()]
    for message in messages:
        if not _has_taken(batches[-1], message):
            batches.append(producer.create_batch())
            has_taken = _has_taken(batches[-1], message)
            assert has_taken, "an empty batch takes any message"
    return batches


def _has_taken(batch: BatchBuilder, message: Outgoing) -> bool:
    return bool(
        batch.append(
            timestamp=None,
            key=message.key.encode(),
            value=message.value.encode(),
            headers=[(name, text.encode()) for name, text in message.headers.items()],
        )
    )


@lru_cache(maxsize=10_000)
def _place_of(key: str, partitions: tuple[int, ...]) -> int:
    """As every Kafka client places it. Its hash is written in Python, and most keys come often."""
    partition: int = _partition_of_key(key.encode(), partitions, partitions)
    return partition
