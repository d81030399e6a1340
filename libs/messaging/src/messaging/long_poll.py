"""A consumer that costs nothing while there is nothing to consume.

Kafka answers an empty fetch after `fetch.max.wait.ms`. The embedded broker answers at once, and
aiokafka then asks again at once: thousands of times a second, in every service.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

FIRST_PAUSE_S: Final = 0.002
LONGEST_PAUSE_S: Final = 0.025
AT_ONCE_S: Final = 0.02

Fetch: TypeAlias = Callable[..., Awaitable[bool]]


class LongPollConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    """An aiokafka consumer whose `getmany` waits for records, and whose empty fetches pause.

    Behind a broker that waits by itself no pause is ever made. The pause wraps a private method of
    aiokafka's fetcher; a test against the embedded broker counts the fetches.
    """

    async def start(self) -> None:
        """See AIOKafkaConsumer.start."""
        await super().start()
        self._fetcher._proc_fetch_request = _paced(self._fetcher._proc_fetch_request)  # noqa: SLF001

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """The next records, at most `max_records`. Raises ConsumerStoppedError on `stop`."""
        while True:
            records = await super().getmany(
                *partitions, timeout_ms=max(timeout_ms, 1_000), max_records=max_records
            )
            if records:
                return records  # type: ignore[no-any-return]

    async def committed_notes(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, str]:
        """What was kept with the committed offset of each partition; aiokafka shows offsets alone.

        Raises what aiokafka raises.
        """
        found = await self._coordinator.fetch_committed_offsets(list(places))
        return {place: committed.metadata for place, committed in found.items()}


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
