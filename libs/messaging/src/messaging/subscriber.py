"""Declares a service's subscription with FastStream, and keeps the promise about delivery there.

FastStream's defaults would commit before the handler runs, skip records with a bad header and
pause between empty polls. Here raw records reach the consumer, offsets are committed after the
transaction, and an outage stops the partition until it is over.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, TypeAlias

from aiokafka import (
    AIOKafkaConsumer,
    ConsumerRebalanceListener,
    ConsumerRecord,
    TopicPartition,
)
from aiokafka.structs import OffsetAndMetadata
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage

from contracts.topics import Topic
from messaging.long_poll import LongPollConsumer
from messaging.pauses import pauses_s
from messaging.records import Record

log = logging.getLogger(__name__)

Consume: TypeAlias = Callable[[Sequence[Record]], Awaitable[None]]

MAX_RECORDS: Final = 500
WATCH_EVERY_S: Final = 3.0
STUCK_AFTER_S: Final = 30.0


class LongPollBroker(KafkaBroker):
    """A FastStream broker that consumes only, with LongPollConsumers."""

    async def _connect(self) -> Callable[..., AIOKafkaConsumer]:
        builder: Any = await super()._connect()
        self.config.broker_config.builder = partial(LongPollConsumer, **builder.keywords)
        return self.config.broker_config.builder


def kafka_broker(bootstrap_servers: str, *, name: str, shutdown_s: float = 10.0) -> KafkaBroker:
    """The broker of one service. Messages leave by the relay, so it has no producer."""
    return LongPollBroker(
        bootstrap_servers,
        client_id=name,
        graceful_timeout=shutdown_s,
        logger=None,
        consumer_only=True,
        allow_auto_create_topics=False,
    )


class _Membership(ConsumerRebalanceListener):  # type: ignore[misc]
    """Has this instance been given its partitions? There may be none for it."""

    def __init__(self) -> None:
        self.is_member = False

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Offsets are committed batch by batch; there is nothing left to do."""

    async def on_partitions_assigned(self, assigned: Any) -> None:
        self.is_member = True


class Subscription:
    """One service's consumer group on its topics: delivers batches, commits, watches itself.

    With an `instance` (a name that no other running instance has) the member is static: killed and
    started again it takes its partitions back at once, without a rebalance (KIP-345). Not every
    broker puts a killed member out of its group; static membership doesn't need it to.

    `trouble` is why a batch can't be consumed now; `is_stuck` says that none arrives though some
    wait.
    """

    def __init__(
        self,
        broker: KafkaBroker,
        topics: Sequence[Topic],
        *,
        group: str,
        consume: Consume,
        instance: str | None = None,
        max_records: int = MAX_RECORDS,
    ) -> None:
        self._consume = consume
        self._group = group
        self._membership = _Membership()
        self._busy = False
        self._progress = 0
        self.is_stuck = False
        self.trouble: str | None = None
        self._subscriber = broker.subscriber(
            *(topic.name for topic in topics),
            group_id=group,
            group_instance_id=instance and f"{group}-{instance}",
            batch=True,
            batch_timeout_ms=100,
            listener=self._membership,
            max_records=max_records,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            parser=_raw_batch,
            decoder=_not_decoded,
            no_reply=True,
            title=f"{group}:consume",
        )
        self._subscriber(self._receive)

    @property
    def is_member(self) -> bool:
        """Has the group given this instance its partitions?"""
        return self._membership.is_member

    def partitions(self, topic: Topic) -> list[int]:
        """The partitions of a topic that this instance holds now."""
        consumer = self._subscriber.consumer
        if consumer is None:
            return []
        return sorted(p.partition for p in consumer.assignment() if p.topic == topic.name)

    async def _receive(self, message: KafkaMessage) -> None:
        consumer: AIOKafkaConsumer = message.consumer
        records = message.raw_message
        assert isinstance(records, tuple)
        self._busy = True
        try:
            await self._deliver(records)
            await self._commit(consumer, records)
        finally:
            self._busy = False
            self._progress += 1

    async def _deliver(self, records: Sequence[Record]) -> None:
        for pause in pauses_s():
            try:
                await self._consume(records)
            except Exception as error:
                self.trouble = repr(error)
                if not self._subscriber.running:
                    raise
                log.warning("%s tries a batch again in %.1f s: %r", self._group, pause, error)
                await asyncio.sleep(pause)
            else:
                self.trouble = None
                return

    async def _commit(self, consumer: AIOKafkaConsumer, records: Sequence[ConsumerRecord]) -> None:
        """Offsets are hints: a failed commit means a batch of duplicates, and no more."""
        ends: dict[TopicPartition, int] = defaultdict(int)
        for record in records:
            place = TopicPartition(record.topic, record.partition)
            ends[place] = max(ends[place], record.offset + 1)
        held = consumer.assignment()
        offsets = {
            place: OffsetAndMetadata(end, "") for place, end in ends.items() if place in held
        }
        try:
            if offsets:
                await consumer.commit(offsets)
        except Exception as error:
            log.warning("%s could not commit: %r", self._group, error)

    async def watch(self) -> None:
        """Until cancelled: mends a consumer whose log was cut short or that hangs."""
        clock = asyncio.get_running_loop().time
        seen, since = self._progress, clock()
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            try:
                lags = await self._look()
            except Exception as error:
                log.warning("%s can't look at its log: %r", self._group, error)
                continue
            if self._busy or not lags or self._progress != seen:
                seen, since = self._progress, clock()
            self.is_stuck = clock() - since > STUCK_AFTER_S
            if self.is_stuck:
                log.warning("%s makes no progress and is started anew", self._group)
                await self._restart()
                seen, since = self._progress, clock()

    async def _look(self) -> bool:
        """Is anything waiting? A partition read beyond its end is read again from its start."""
        consumer = self._subscriber.consumer
        if consumer is None or not (held := consumer.assignment()):
            return False
        async with asyncio.timeout(10):
            ends = await consumer.end_offsets(held)
            waiting = False
            for place in held:
                position = await consumer.position(place)
                waiting |= position < ends[place]
                if position > ends[place]:
                    log.warning("%s was cut short and is read from its start", place)
                    await consumer.seek_to_beginning(place)
            return waiting

    async def _restart(self) -> None:
        await self._subscriber.stop()
        await self._subscriber.start()


async def _raw_batch(
    records: tuple[ConsumerRecord, ...], parse: Callable[..., Awaitable[Any]]
) -> Any:
    """FastStream's parser decodes headers and fails on a bad one, so it sees none of ours."""
    bare = tuple(
        ConsumerRecord(**{**_fields_of(record), "headers": (), "value": b""})
        for record in records[:1]
    )
    message = await parse(bare)
    message.raw_message = records
    return message


async def _not_decoded(_message: KafkaMessage) -> bytes:
    return b""


def _fields_of(record: ConsumerRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}
