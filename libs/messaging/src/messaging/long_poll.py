"""A consumer that costs nothing while there is nothing to consume.

Kafka answers an empty fetch after `fetch.max.wait.ms`. The embedded broker answers at once, and
aiokafka then asks again at once: thousands of times a second, in every service.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import (
    ConsumerStoppedError,
    CorruptRecordException,
    UnsupportedCodecError,
)

FIRST_PAUSE_S: Final = 0.002
LONGEST_PAUSE_S: Final = 0.025
AT_ONCE_S: Final = 0.02

_UNREADABLE: Final = (UnicodeDecodeError, CorruptRecordException, UnsupportedCodecError)

Fetch: TypeAlias = Callable[..., Awaitable[bool]]


class LongPollConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    """An aiokafka consumer whose `getmany` waits for records, and whose empty fetches pause.

    Behind a broker that waits by itself no pause is ever made. The pause wraps a private method of
    aiokafka's fetcher; a test against the embedded broker counts the fetches.
    """

    def __init__(self, *topics: str, **options: Any) -> None:
        super().__init__(*topics, **options)
        self.on_unreadable: Callable[[TopicPartition, int, Exception], None] = _give_up

    async def start(self) -> None:
        """See AIOKafkaConsumer.start."""
        await super().start()
        self._fetcher._proc_fetch_request = _paced(self._fetcher._proc_fetch_request)  # noqa: SLF001

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """The next records, at most `max_records`. Raises ConsumerStoppedError on `stop`.

        A partition that can't be read is left out and stands still, and `on_unreadable` hears of
        it; of the others nothing is lost.
        """
        while True:
            records = await self._drain(partitions or self.assignment(), max_records)
            if records:
                return records
            await self._fetched(max(timeout_ms, 1_000) / 1_000)

    async def _drain(
        self, partitions: Iterable[TopicPartition], max_records: int | None
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """What has been fetched, one partition at a time.

        aiokafka's own drains them together, and when one can't be read, what it has drained of the
        others is gone while their positions have moved.
        """
        found: dict[TopicPartition, list[ConsumerRecord]] = {}
        for place in set(partitions) & set(self._fetcher._records):  # noqa: SLF001
            left = max_records and max_records - sum(map(len, found.values()))
            if left == 0 or place not in self.assignment():
                continue
            try:
                found |= await super().getmany(place, timeout_ms=0, max_records=left)
            except _UNREADABLE as error:
                self.on_unreadable(place, await self.position(place), error)
        return found

    async def _fetched(self, at_most_s: float) -> None:
        """Until something has been fetched. Raises what the group or the broker has against it."""
        if self._closed:
            raise ConsumerStoppedError
        self._coordinator.check_errors()
        # In this context, for whoever isn't seen to poll is put out of the group.
        with self._subscription.fetch_context():
            waiter = self._fetcher._create_fetch_waiter()  # noqa: SLF001
            done, _pending = await asyncio.wait([waiter], timeout=at_most_s)
            waiter.cancel() if not done else waiter.result()

    async def committed_notes(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, str]:
        """What was kept with the committed offset of each partition; aiokafka shows offsets alone.

        Raises what aiokafka raises.
        """
        found = await self._coordinator.fetch_committed_offsets(list(places))
        return {place: committed.metadata for place, committed in found.items()}


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
