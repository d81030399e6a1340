"""Declares a service's subscription with FastStream, and keeps the promise about delivery there.

FastStream's defaults would commit before the handler runs, skip records with a bad header and
pause between empty polls. Here raw records reach the consumer, offsets are committed after the
transaction, and an outage stops the partition until it is over. A log that is no longer the one
that was read (its broker has lost it) is read from its start.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeAlias

from aiokafka import (
    AIOKafkaConsumer,
    ConsumerRebalanceListener,
    TopicPartition,
)
from aiokafka.structs import OffsetAndMetadata
from faststream import AckPolicy
from faststream.kafka.annotations import KafkaMessage

from contracts.topics import Topic
from messaging.broker import LongPollBroker, not_decoded, raw_batch
from messaging.log_memory import LogMemory
from messaging.log_reader import LogReader, Mark, message_id_of
from messaging.long_poll import LongPollConsumer
from messaging.pauses import pauses_s
from messaging.records import Record

log = logging.getLogger(__name__)

Consume: TypeAlias = Callable[[Sequence[Record]], Awaitable[None]]

MAX_RECORDS: Final = 500
WATCH_EVERY_S: Final = 3.0
STUCK_AFTER_S: Final = 30.0
ASSIGNMENT_S: Final = 5.0


class _Membership(ConsumerRebalanceListener):  # type: ignore[misc]
    """Has this instance been given its partitions? There may be none for it.

    `begin_with` is called for them; until it is through, `has_begun` isn't set.
    """

    def __init__(self, begin_with: Callable[[set[TopicPartition]], Awaitable[None]]) -> None:
        self.is_member = False
        self.has_begun = asyncio.Event()
        self._begin_with = begin_with

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Offsets are committed batch by batch; there is nothing left to do."""
        self.has_begun.clear()

    async def on_partitions_assigned(self, assigned: Any) -> None:
        await self._begin_with(set(assigned))
        self.has_begun.set()
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
        broker: LongPollBroker,
        topics: Sequence[Topic],
        *,
        group: str,
        consume: Consume,
        instance: str | None = None,
        max_records: int = MAX_RECORDS,
    ) -> None:
        self._consume = consume
        self._group = group
        self._bootstrap_servers = broker.bootstrap_servers
        self._membership = _Membership(self._begin_with)
        self._memory = LogMemory()
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
            parser=raw_batch,
            decoder=not_decoded,
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
        due = await self._due(consumer, records)
        self._busy = True
        try:
            if due:
                await self._deliver(due)
                await self._commit(consumer, due)
        finally:
            self._busy = False
            self._progress += 1

    async def _due(self, consumer: AIOKafkaConsumer, records: Sequence[Record]) -> Sequence[Record]:
        """Without what was fetched before its partition was set back: that comes again."""
        await self._membership.has_begun.wait()
        positions = await _positions(consumer, set(_last_of(records)))
        return [
            record
            for record in records
            if record.offset < positions.get((record.topic, record.partition), 0)
        ]

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

    async def _commit(self, consumer: AIOKafkaConsumer, records: Sequence[Record]) -> None:
        """Offsets are hints: a failed commit means a batch of duplicates, and no more."""
        last = _last_of(records)
        for place, record in last.items():
            mark = Mark(offset=record.offset, message_id=message_id_of(record))
            self._memory.saw(place, mark)
        try:
            positions = await _positions(consumer, set(last))
            offsets = {
                place: OffsetAndMetadata(record.offset + 1, self._memory.note(place))
                for place, record in last.items()
                if record.offset < positions.get(place, 0)
            }
            if offsets:
                await consumer.commit(offsets)
        except Exception as error:
            log.warning("%s could not commit: %r", self._group, error)

    async def _begin_with(self, assigned: set[TopicPartition]) -> None:
        """Compare the log with what was noted when the offsets were committed."""
        consumer = self._subscriber.consumer
        assert isinstance(consumer, LongPollConsumer)
        try:
            async with asyncio.timeout(ASSIGNMENT_S):
                notes = await consumer.committed_notes(assigned)
                self._memory.recall(notes)
                if any(notes.values()):
                    async with LogReader(self._bootstrap_servers) as reader:
                        await self._read_anew_what_changed(reader)
        except Exception as error:
            log.warning("%s can't look back into its log: %r", self._group, error)

    async def watch(self) -> None:
        """Until cancelled: mends a consumer that hangs, or whose log was lost or cut short."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_progress())
            group.create_task(self._watch_log())

    async def _watch_log(self) -> None:
        while True:
            try:
                async with LogReader(self._bootstrap_servers) as reader:
                    while True:
                        await asyncio.sleep(WATCH_EVERY_S)
                        await self._read_anew_what_changed(reader)
            except Exception as error:
                log.warning("%s can't look back into its log: %r", self._group, error)
                await asyncio.sleep(WATCH_EVERY_S)

    async def _read_anew_what_changed(self, reader: LogReader) -> None:
        changed = await self._memory.changed(reader)
        consumer = self._subscriber.consumer
        if not changed or consumer is None:
            return
        for place, start in (await reader.starts(changed)).items():
            if place in consumer.assignment():
                log.warning("%s isn't the log that was read, and is read from its start", place)
                consumer.seek(TopicPartition(*place), start)
        self._memory.forget(changed)

    async def _watch_progress(self) -> None:
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


def _last_of(records: Sequence[Record]) -> dict[TopicPartition, Record]:
    """The last record of each partition."""
    last = {(record.topic, record.partition): record for record in records}
    return {TopicPartition(*place): record for place, record in last.items()}


async def _positions(
    consumer: AIOKafkaConsumer, places: set[TopicPartition]
) -> dict[TopicPartition, int]:
    """How far it has read the partitions that it still holds."""
    held = consumer.assignment()
    return {place: await consumer.position(place) for place in places & held}
