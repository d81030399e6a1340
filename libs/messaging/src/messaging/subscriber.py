"""Declares a service's subscription with FastStream, and keeps the promise about delivery there.

FastStream's defaults would commit before the handler runs, skip records with a bad header and
pause between empty polls. Here raw records reach the consumer, offsets are committed after the
transaction, and an outage stops the partition until it is over. A log that is no longer the one
that was read (its broker has lost it) is read from its start.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from itertools import chain, groupby
from operator import attrgetter
from typing import Final, TypeAlias

from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata
from faststream import AckPolicy
from faststream.kafka.annotations import KafkaMessage

from contracts.topics import Topic
from messaging.broker import LongPollBroker, not_decoded, raw_batch
from messaging.log_memory import LogMemory
from messaging.log_reader import LogReader, Mark, Place, message_id_of
from messaging.long_poll import LongPollConsumer
from messaging.membership import Membership
from messaging.pauses import pauses_s
from messaging.progress import Progress
from messaging.records import Record
from messaging.restart import are_others_answered, start_anew
from messaging.stopped_partitions import StoppedPartitions

log = logging.getLogger(__name__)

ByPlace: TypeAlias = Mapping[TopicPartition, Sequence[Record]]
Consume: TypeAlias = Callable[[Sequence[Record]], Awaitable[None]]

MAX_RECORDS: Final = 500
MIB: Final = 1024 * 1024
FETCHED_BYTES: Final = 2 * 1024
"""For each record of a batch: two batches, about, come with one fetch."""
FETCH_WAIT_MS: Final = 50
"""While a broker waits for more, aiokafka asks it for nothing else; full partitions must wait."""
WATCH_EVERY_S: Final = 3.0
STUCK_AFTER_S: Final = 30.0
LOOK_BACK_S: Final = 10.0


class Subscription:
    """One service's consumer group on its topics: delivers batches, commits, watches itself.

    With an `instance` (a name that no other running instance has) the member is static: killed and
    started again it takes its partitions back at once, without a rebalance (KIP-345). Not every
    broker puts a killed member out of its group; static membership doesn't need it to.

    A batch that fails is tried again partition by partition: one stops for a growing pause, and the
    others go on.
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
        self._context = broker.context
        self._bootstrap_servers = broker.bootstrap_servers
        self._membership = Membership(self._begin_with)
        self._memory = LogMemory()
        self._stopped = StoppedPartitions(group)
        self._progress = Progress()
        self._in_hand: dict[TopicPartition, int] = {}
        self._subscriber = broker.subscriber(
            *(topic.name for topic in topics),
            group_id=group,
            group_instance_id=instance and f"{group}-{instance}",
            batch=True,
            batch_timeout_ms=100,
            listener=self._membership,
            max_records=max_records,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            max_partition_fetch_bytes=max(MIB, max_records * FETCHED_BYTES),
            fetch_max_bytes=50 * MIB,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            parser=raw_batch,
            decoder=not_decoded,
            no_reply=True,
            title=f"{group}:consume",
        )
        self._subscriber(self._receive)

    @property
    def trouble(self) -> str | None:
        """Why a partition is stopped now, if one is; it is tried again."""
        return self._stopped.trouble

    @property
    def waiting_s(self) -> float:
        """For how long, in seconds, messages have waited and nothing was done about them."""
        return self._progress.waiting_s

    @property
    def is_stuck(self) -> bool:
        """Do messages wait, and none is consumed?"""
        return self.waiting_s > STUCK_AFTER_S

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

    def _held(self) -> frozenset[TopicPartition]:
        consumer = self._subscriber.consumer
        return frozenset(consumer.assignment() if consumer else ())

    async def _receive(self, _body: bytes) -> None:
        # As a parameter of its own FastStream would look the message up in another thread.
        message: KafkaMessage = self._context.get("message")
        consumer, records = message.consumer, message.raw_message
        assert isinstance(consumer, LongPollConsumer)
        assert isinstance(records, tuple)
        try:
            if due := await self._due(consumer, records):
                await self._deliver(consumer, due)
        except Exception as error:
            # FastStream would drop them, and the next commit would pass over them.
            for some in _by_place(records).values():
                self._stopped.stop(consumer, some, error)

    async def _due(self, consumer: LongPollConsumer, records: Sequence[Record]) -> ByPlace:
        """Without what was fetched before its partition was set back: that comes again."""
        await self._membership.has_begun.wait()
        by_place = _by_place(records)
        positions = await consumer.positions(by_place)
        due = {
            place: [record for record in by_place[place] if record.offset < position]
            for place, position in positions.items()
        }
        return {place: some for place, some in due.items() if some}

    async def _deliver(self, consumer: LongPollConsumer, by_place: ByPlace) -> None:
        """All at once; when that fails, partition by partition, so that one stops alone."""
        try:
            await self._deliver_some(consumer, by_place)
        except Exception as error:
            if len(by_place) == 1:
                [some] = by_place.values()
                self._stopped.stop(consumer, some, error)
                return
            for place, some in by_place.items():
                try:
                    await self._deliver_some(consumer, {place: some})
                except Exception as own_error:
                    self._stopped.stop(consumer, some, own_error)

    async def _deliver_some(self, consumer: LongPollConsumer, by_place: ByPlace) -> None:
        self._in_hand = {place: some[0].offset for place, some in by_place.items()}
        try:
            await self._consume(list(chain.from_iterable(by_place.values())))
        finally:
            self._in_hand = {}
        self._stopped.go_on(by_place)
        await self._commit(consumer, {place: some[-1] for place, some in by_place.items()})

    async def _commit(
        self, consumer: LongPollConsumer, last: Mapping[TopicPartition, Record]
    ) -> None:
        """Offsets are hints: a failed commit means a batch of duplicates, and no more."""
        for place, record in last.items():
            mark = Mark(offset=record.offset, message_id=message_id_of(record))
            self._memory.saw(place, mark)
        try:
            positions = await consumer.positions(last)
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
        """Compare the log with what was noted when the offsets were committed.

        Nothing is delivered before that is done, so that no offset is committed over what a lost
        log would have to have read again.
        """
        consumer = self._subscriber.consumer
        assert isinstance(consumer, LongPollConsumer)
        consumer.on_unreadable = partial(self._stopped.stop_unreadable, consumer)
        self._stopped.keep(assigned)
        self._progress.keep(assigned)
        for pause in pauses_s(longest_s=5.0):
            try:
                async with asyncio.timeout(LOOK_BACK_S):
                    notes = await consumer.committed_notes(assigned)
                    self._memory.recall(notes)
                    if any(notes.values()):
                        async with LogReader(self._bootstrap_servers) as reader:
                            await self._read_anew_what_changed(reader)
            except Exception as error:
                log.warning("%s can't look back into its log: %r", self._group, error)
                await asyncio.sleep(pause)
            else:
                return

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
        looked_at, restarted_at = clock(), -STUCK_AFTER_S
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            try:
                if (waiting := await self._waiting()) is not None:
                    self._progress.note(waiting)
                looked_at = clock()
            except Exception as error:
                log.warning("%s can't look at its log: %r", self._group, error)
                if not await are_others_answered(self._bootstrap_servers, self._held()):
                    self._progress.note({})
                    looked_at = clock()
            hangs = self.is_stuck or clock() - looked_at > STUCK_AFTER_S
            if hangs and not self._in_hand and clock() - restarted_at > STUCK_AFTER_S:
                log.warning("%s makes no progress and is started anew", self._group)
                await start_anew(self._subscriber, self._group)
                looked_at = restarted_at = clock()

    async def _waiting(self) -> dict[Place, int] | None:
        """Where the partitions stand that have more to read, but for those that are stopped.

        None while nothing is held. One that was read beyond its end is read again from its start.
        """
        consumer = self._subscriber.consumer
        if consumer is None or not (held := self._held()):
            return None
        waiting: dict[Place, int] = {}
        async with asyncio.timeout(LOOK_BACK_S):
            # First where they stand: who gets on meanwhile mustn't seem to be beyond the end.
            positions = await consumer.positions(held)
            positions |= {place: self._in_hand[place] for place in self._in_hand if place in held}
            ends = await consumer.end_offsets(held)
            for place, position in positions.items():
                if position < ends[place] and place not in self._stopped:
                    waiting[place] = position
                elif position > ends[place]:
                    log.warning("%s was cut short and is read from its start", place)
                    await consumer.seek_to_beginning(place)
        return waiting


def _by_place(records: Sequence[Record]) -> dict[TopicPartition, list[Record]]:
    """In order within each partition. The records of one come in a row, or in a few."""
    by_place: dict[TopicPartition, list[Record]] = {}
    for place, some in groupby(records, key=attrgetter("topic", "partition")):
        by_place.setdefault(TopicPartition(*place), []).extend(some)
    return by_place
