"""Looks back into a log, to see whether it is still the one that is known.

A log that was lost starts again at lower offsets, and others may have filled it beyond any offset
that somebody remembers. So an offset is remembered together with the message that was there.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, TypeAlias

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CorruptRecordException, UnsupportedCodecError

log = logging.getLogger(__name__)

Place: TypeAlias = tuple[str, int]
"""Topic and partition. aiokafka's TopicPartition is one."""

_POLL_MS: Final = 200
LONGEST_ID: Final = 64
_UNREADABLE: Final = (UnicodeDecodeError, CorruptRecordException, UnsupportedCodecError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A message that was seen at an offset; an empty id stands for one without."""

    offset: int
    message_id: str


class LogReader:
    """Reads single records, without a group. Each call takes at most `timeout_s`.

    Calls must not overlap. Raises what aiokafka raises, and TimeoutError.
    """

    def __init__(self, bootstrap_servers: str, *, timeout_s: float = 10.0) -> None:
        self._timeout_s = timeout_s
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap_servers,
            request_timeout_ms=int(timeout_s * 1000),
            max_partition_fetch_bytes=64 * 1024,
            fetch_max_wait_ms=_POLL_MS,
            auto_offset_reset="latest",
            enable_auto_commit=False,
        )

    async def start(self) -> None:
        """Connect. Raises what aiokafka raises when there is no broker."""
        await self._consumer.start()

    async def stop(self) -> None:
        """Give the connection back."""
        await self._consumer.stop()

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def starts(self, places: Iterable[Place]) -> dict[Place, int]:
        """The first offset of each partition."""
        async with asyncio.timeout(self._timeout_s):
            found = await self._consumer.beginning_offsets(
                [TopicPartition(*place) for place in places]
            )
        return {tuple(place): start for place, start in found.items()}

    async def changed(self, marks: Mapping[Place, Mark]) -> set[Place]:
        """The partitions whose log is not the one in which the mark was seen.

        It ends before the mark, or another message is there. A mark that is so old that the log no
        longer reaches back to it says nothing.
        """
        if not marks:
            return set()
        async with asyncio.timeout(self._timeout_s):
            places = {TopicPartition(*place): mark for place, mark in marks.items()}
            ends = await self._consumer.end_offsets(places)
            starts = await self._consumer.beginning_offsets(places)
            shorter = {place for place, mark in places.items() if ends[place] <= mark.offset}
            there = {
                place: mark
                for place, mark in places.items()
                if starts[place] <= mark.offset < ends[place]
            }
            found = await self._read({place: mark.offset for place, mark in there.items()})
        other = {
            place
            for place, mark in there.items()
            if place in found and found[place] != mark.message_id
        }
        return {tuple(place) for place in shorter | other}

    async def _read(self, offsets: Mapping[TopicPartition, int]) -> dict[TopicPartition, str]:
        """The id of the message at each offset, where there is one."""
        missing = dict(offsets)
        found: dict[TopicPartition, str] = {}
        if not missing:
            return found
        consumer = self._consumer
        consumer.assign(list(missing))
        try:
            for place, offset in missing.items():
                consumer.seek(place, offset)
            while missing:
                try:
                    batches = await consumer.getmany(timeout_ms=_POLL_MS)
                except _UNREADABLE as error:
                    log.warning("a record near a mark can't be read, it says nothing: %r", error)
                    return found
                for place, records in batches.items():
                    offset = missing.pop(place, None)
                    if offset is not None and records[0].offset == offset:
                        found[place] = message_id_of(records[0])
        finally:
            consumer.unsubscribe()
        return found


def message_id_of(record: Any) -> str:
    """The id in a record's raw headers, or an empty text: the record may be anybody's."""
    for name, value in record.headers:
        if name == "ce_id":
            return shortened(bytes(value or b""))
    return ""


def shortened(message_id: bytes) -> str:
    """An id as it is remembered: a stranger's may be long, and no text."""
    return message_id[:LONGEST_ID].decode("ascii", errors="replace")
