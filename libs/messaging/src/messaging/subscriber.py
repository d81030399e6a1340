"""Declares a service's subscription with FastStream, and keeps the promise about delivery there.

FastStream's defaults would commit before the handler runs, skip records with a bad header and
pause between empty polls. Here raw records reach the consumer, offsets are committed after the
transaction, and an outage stops the partition until it is over. A log that is no longer the one
that was read (its broker has lost it) is read from its start.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import chain
from typing import Any, Final, TypeAlias

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
from messaging.one_ahead import Decode, Portion
from messaging.pauses import pauses_s
from messaging.progress import Progress
from messaging.restart import are_others_answered, start_anew
from messaging.stopped_partitions import StoppedPartitions

log = logging.getLogger(__name__)

Consume: TypeAlias = Callable[[Sequence[Any]], Awaitable[None]]

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
    others go on. While `consume` has one in hand, the next is drained and goes through `decode`,
    which never raises and knows nothing of the store; it is begun when the first one is settled.
    """

    def __init__(
        self,
        broker: LongPollBroker,
        topics: Sequence[Topic],
        *,
        group: str,
        consume: Consume,
        decode: Decode = list,
        instance: str | None = None,
        max_records: int = MAX_RECORDS,
    ) -> None:
        self._decode, self._consume = decode, consume
        self._group = group
        self._context = broker.context
        self._bootstrap_servers = broker.bootstrap_servers
        self._membership = Membership(self._begin_with)
        self._memory = LogMemory()
        self._stopped = StoppedPartitions(group)
        self._progress = Progress()
        self._unsettled: dict[TopicPartition, int] = {}
        self._is_applying = False
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
        consumer, portions = message.consumer, message.raw_message
        assert isinstance(consumer, LongPollConsumer)
        assert isinstance(portions, tuple)
        self._unsettled = {portion.place: portion.offset for portion in portions}
        consumer.look_ahead(self._decode)
        try:
            for portion in portions:
                await portion.decode(self._decode)
            if due := await self._due(consumer, portions):
                await self._deliver(consumer, due)
        except Exception as error:
            # FastStream would drop them, and the next commit would pass over them.
            for portion in portions:
                self._stopped.stop(consumer, portion, error)
        finally:
            self._unsettled = {}

    async def _due(self, consumer: LongPollConsumer, some: Sequence[Portion]) -> list[Portion]:
        """Without what was drained before its partition was set back: that comes again.

        Asked when all that was in hand before is settled, and no earlier: a failure sets back what
        was ahead by then, and so does another member that had the partition for a while.
        """
        await self._membership.has_begun.wait()
        return [portion for portion in some if consumer.goes_on(portion)]

    async def _deliver(self, consumer: LongPollConsumer, portions: Sequence[Portion]) -> None:
        """All at once; when that fails, partition by partition, so that one stops alone."""
        try:
            await self._deliver_some(consumer, portions)
        except Exception as error:
            if len(portions) == 1:
                self._stopped.stop(consumer, portions[0], error)
                return
            for portion in portions:
                try:
                    if due := await self._due(consumer, [portion]):
                        await self._deliver_some(consumer, due)
                except Exception as own_error:
                    self._stopped.stop(consumer, portion, own_error)

    async def _deliver_some(self, consumer: LongPollConsumer, portions: Sequence[Portion]) -> None:
        self._is_applying = True
        try:
            await self._consume(list(chain.from_iterable(some.decoded for some in portions)))
        finally:
            self._is_applying = False
        for portion in portions:
            self._unsettled.pop(portion.place, None)
        self._stopped.go_on(portions)
        await self._commit(consumer, portions)

    async def _commit(self, consumer: LongPollConsumer, portions: Sequence[Portion]) -> None:
        """Offsets are hints: a failed commit means a batch of duplicates, and no more."""
        for portion in portions:
            mark = Mark(offset=portion.last.offset, message_id=message_id_of(portion.last))
            self._memory.saw(portion.place, mark)
        try:
            offsets = {
                some.place: OffsetAndMetadata(some.last.offset + 1, self._memory.note(some.place))
                for some in portions
                if consumer.goes_on(some)
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
            if hangs and not self._is_applying and clock() - restarted_at > STUCK_AFTER_S:
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
            begun = consumer.ahead | self._unsettled
            positions |= {place: begun[place] for place in begun if place in held}
            ends = await consumer.end_offsets(held)
            for place, position in positions.items():
                if position < ends[place] and place not in self._stopped:
                    waiting[place] = position
                elif position > ends[place]:
                    log.warning("%s was cut short and is read from its start", place)
                    await consumer.seek_to_beginning(place)
        return waiting
