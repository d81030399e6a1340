"""A consumer that costs nothing while there is nothing to consume.

Kafka answers an empty fetch after `fetch.max.wait.ms`. The embedded broker answers at once, and
aiokafka then asks again at once: thousands of times a second, in every service.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import nullcontext
from itertools import count
from typing import Any, Final, TypeAlias

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import (
    ConsumerStoppedError,
    CorruptRecordException,
    KafkaError,
    UnsupportedCodecError,
)

from messaging.one_ahead import SLICE, Ahead, Decode, Portion, Reading

log = logging.getLogger(__name__)

FIRST_PAUSE_S: Final = 0.002
LONGEST_PAUSE_S: Final = 0.025
AT_ONCE_S: Final = 0.02
LEAVE_S: Final = 5.0
LOOK_AGAIN_S: Final = 1.0

_OF_RECORDS: Final = (CorruptRecordException, UnsupportedCodecError)
"""Of Kafka's errors. All others say something of the group or of the broker."""

Fetch: TypeAlias = Callable[..., Awaitable[bool]]


class LongPollConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    """An aiokafka consumer whose `getmany` waits for records, and whose empty fetches pause.

    Behind a broker that waits by itself no pause is ever made. The pause wraps a private method of
    aiokafka's fetcher; a test against the embedded broker counts the fetches.
    """

    def __init__(self, *topics: str, **options: Any) -> None:
        super().__init__(*topics, **options)
        self.on_unreadable: Callable[[TopicPartition, int, Exception], None] = _give_up
        self._one_by_one: dict[TopicPartition, int] = {}
        self._readings: dict[TopicPartition, Reading] = {}
        self._ahead: Ahead | None = None
        self._max_records = 1
        self._waiter: asyncio.Future[None] | None = None
        self._turn = count()
        self._turns: defaultdict[TopicPartition, int] = defaultdict(lambda: -1)

    async def start(self) -> None:
        """See AIOKafkaConsumer.start. Nothing is left of one that can't be started."""
        try:
            await super().start()
        except BaseException:
            await self.stop()
            raise
        self._fetcher._proc_fetch_request = _paced(self._fetcher._proc_fetch_request)  # noqa: SLF001

    async def stop(self) -> None:
        """See AIOKafkaConsumer.stop. Nothing is left of it, even if the broker doesn't answer.

        Whatever went on would be a second member of its name, and each would put the other out of
        the group for ever.
        """
        if self._ahead:
            self._ahead.drop()
        leaving = asyncio.create_task(super().stop())
        try:
            await asyncio.wait([leaving], timeout=LEAVE_S)
        finally:
            if not leaving.done() or leaving.cancelled() or leaving.exception():
                log.warning("a consumer is ended by force: %r", leaving)
                await self._end({leaving, *self._tasks()})

    async def _end(self, tasks: "set[asyncio.Task[Any]]") -> None:
        for _ in range(3):  # aiokafka may swallow a cancellation
            if not (pending := {task for task in tasks if not task.done()}):
                break
            for task in pending:
                task.cancel()
            await asyncio.wait(pending, timeout=1.0)
        if isinstance(self._coordinator, GroupCoordinator):
            # Without a word the others would wait for it until its session is over.
            await asyncio.wait([self._coordinator.maybe_leave_group()], timeout=1.0)
        for connection in list(self._client._conns.values()):  # noqa: SLF001
            connection.close()

    def _tasks(self) -> "set[asyncio.Task[Any]]":
        """All that goes on in aiokafka for this consumer."""
        owners = (self._coordinator, self._fetcher, self._client)
        tasks = [getattr(owner, name, None) for owner in owners for name in _TASKS]
        return {*filter(None, tasks), *getattr(self._fetcher, "_pending_tasks", ())}

    def goes_on(self, portion: Portion) -> bool:
        """Has its partition been read on ever since, neither set elsewhere nor assigned anew?"""
        place, reading = portion.place, portion.reading
        return (
            reading is self._readings.get(place)
            and reading.is_unbroken
            and self._subscription.is_assigned(place)
            and self._subscription._assigned_state(place) is reading.state  # noqa: SLF001
        )

    def give_back(self, portion: Portion) -> None:
        """See messaging.one_ahead.Source: the reading goes on, for the batch in hand is of it."""
        if self.goes_on(portion):
            self.seek(portion.place, portion.offset)
            portion.reading.position = portion.offset

    def look_ahead(self, decode: Decode | None = None) -> Ahead:
        """Begin with the batch that `getmany` will return, as large as its last one may be."""
        self._ahead = self._ahead or Ahead(self, self._max_records, decode)
        return self._ahead

    @property
    def ahead(self) -> dict[TopicPartition, int]:
        """The first offsets of what was drained, and not yet taken, of each partition."""
        portions = self._ahead.portions.values() if self._ahead else ()
        return {portion.place: portion.offset for portion in portions if self.goes_on(portion)}

    async def getmany(
        self, *, timeout_ms: int = 0, max_records: int
    ) -> dict[TopicPartition, list[Portion]]:
        """The next records, at most `max_records`, as portions: one for each partition.

        Waits for them, whatever `timeout_ms` says. Raises ConsumerStoppedError on `stop`. A
        partition that can't be read is left out and stands still, and `on_unreadable` hears of it;
        of the others nothing is lost.
        """
        self._max_records = max_records
        try:
            portions = await self.look_ahead().taken()
            return {place: [portion] for place, portion in portions.items()}
        finally:
            self._ahead = None

    async def slices(self, at_most: int) -> AsyncIterator[Portion]:
        """See messaging.one_ahead.Source.

        aiokafka's own drains partitions together, and when one can't be read, what it has drained
        of the others is gone while their positions have moved.
        """
        ready = set(self._fetcher._records) & self.assignment()  # noqa: SLF001
        # In turns, so that none waits until all that was fetched of another is consumed.
        for place in sorted(ready, key=self._turns.__getitem__):
            if not at_most:
                break
            self._turns[place] = next(self._turn)
            while at_most and (portion := await self._slice(place, min(at_most, SLICE))):
                at_most -= len(portion.records)
                yield portion

    async def _slice(self, place: TopicPartition, at_most: int) -> Portion | None:
        try:
            if await self._is_suspect(place):
                at_most = 1
            return await self._read(place, at_most)
        except ConsumerStoppedError:
            raise
        except Exception as error:
            if isinstance(error, KafkaError) and not isinstance(error, _OF_RECORDS):
                raise
            await self._cannot_read(place, error, at_most)
            return None

    async def _read(self, place: TopicPartition, at_most: int) -> Portion | None:
        """Nothing is awaited between the draining and the note of how far it went."""
        before = self._readings.get(place)
        was_unbroken = before is not None and before.is_unbroken
        found = await super().getmany(place, timeout_ms=0, max_records=at_most)
        if not self._subscription.is_assigned(place):
            return None
        state = self._subscription._assigned_state(place)  # noqa: SLF001
        if before is not None and was_unbroken and before.state is state:
            reading = before
        else:
            reading = self._readings[place] = Reading(state, -1)
        if state.has_valid_position:
            reading.position = state.position
        return Portion(place, reading, found[place]) if place in found else None

    async def _is_suspect(self, place: TopicPartition) -> bool:
        """Is it read record by record now? It is up to where one couldn't be read."""
        until = self._one_by_one.get(place)
        if until is not None and await self.position(place) >= until:
            del self._one_by_one[place]
            until = None
        return until is not None

    async def _cannot_read(self, place: TopicPartition, error: Exception, tried: int) -> None:
        """First whatever lies before the record; then the partition stops."""
        position = await self.position(place)
        self.seek(place, position)
        if self._one_by_one.pop(place, None) is None:
            self._one_by_one[place] = position + tried
        else:
            self.on_unreadable(place, position, error)

    async def fetched(self, *, is_awaited: bool) -> None:
        """See messaging.one_ahead.Source. Raises what the group or the broker has against it.

        Only while a batch is awaited it is seen to poll: who is busy with one for minutes is put
        out of the group.
        """
        if self._closed:
            raise ConsumerStoppedError
        self._coordinator.check_errors()
        polling = self._subscription.fetch_context() if is_awaited else nullcontext()
        with polling:
            self._waiter = waiter = self._fetcher._create_fetch_waiter()  # noqa: SLF001
            done, _pending = await asyncio.wait([waiter], timeout=LOOK_AGAIN_S)
            waiter.cancel() if not done else waiter.result()

    def wake(self) -> None:
        """See messaging.one_ahead.Source."""
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    async def positions(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """How far those of the partitions have been read that are still held."""
        held = self.assignment()
        return {place: await self.position(place) for place in places if place in held}

    async def committed_notes(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, str]:
        """What was kept with the committed offset of each partition; aiokafka shows offsets alone.

        Raises what aiokafka raises.
        """
        found = await self._coordinator.fetch_committed_offsets(list(places))
        return {place: committed.metadata for place, committed in found.items()}


_TASKS: Final = (
    "_coordination_task",
    "_heartbeat_task",
    "_commit_refresh_task",
    "_fetch_task",
    "_sync_task",
)


def _give_up(_place: TopicPartition, _position: int, error: Exception) -> None:
    raise error


def _paced(fetch: Fetch) -> Fetch:
    pause_s = FIRST_PAUSE_S

    async def fetch_and_pause(*args: Any) -> bool:
        nonlocal pause_s
        clock = asyncio.get_running_loop().time
        started = clock()
        has_records = await fetch(*args)
        if has_records or clock() - started > AT_ONCE_S:
            pause_s = FIRST_PAUSE_S
        else:
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        return has_records

    return fetch_and_pause
