"""The batch after the one in hand: drained and decoded while the store works on that one.

Nothing is promised of it. It is begun only when the one before is settled, and what was set back or
taken away meanwhile is left out then: a partition's *reading* says so. A reading begins where a
partition was assigned or sought to, and ends with the next such place. So whatever is committed,
applied or set back belongs to one unbroken reading, however far the batch ahead has got in it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Protocol, TypeAlias

from aiokafka import TopicPartition

from messaging.records import Record

SLICE: Final = 100
"""So many records are drained and decoded before others, the store's socket too, have a turn."""

BUSY_S: Final = 0.001
"""A turn of the event loop that takes longer did something else."""

Pause: TypeAlias = Callable[[], Awaitable[None]]
_ONE_TURN: Final = partial(asyncio.sleep, 0)
Decode: TypeAlias = Callable[[Sequence[Record]], Sequence[Any]]


@dataclass(eq=False)
class Reading:
    """How far a partition was drained since it was assigned or sought to.

    `state` is aiokafka's, one for each time that the partition is assigned.
    """

    state: Any
    position: int

    @property
    def is_unbroken(self) -> bool:
        """Is the partition where this reading has left it?"""
        is_there: bool = self.state.has_valid_position and self.state.position == self.position
        return is_there


@dataclass(eq=False)
class Portion:
    """What a batch has of one partition. What is decoded is in the order of the records."""

    place: TopicPartition
    reading: Reading
    records: list[Record]
    decoded: list[Any] = field(default_factory=list)

    @property
    def topic(self) -> str:
        """FastStream asks for it, for its log."""
        return str(self.place.topic)

    @property
    def offset(self) -> int:
        """The first one's."""
        return self.records[0].offset

    @property
    def last(self) -> Record:
        return self.records[-1]

    async def decode(self, decode: Decode, pause: Pause = _ONE_TURN) -> None:
        """What isn't decoded yet, with a pause for others after each slice."""
        while len(self.decoded) < len(self.records):
            begin = len(self.decoded)
            self.decoded += decode(self.records[begin : begin + SLICE])
            await pause()


class Source(Protocol):
    """What a batch ahead is drained from."""

    def slices(self, at_most: int) -> AsyncIterator[Portion]:
        """What has been fetched, in portions of a slice each."""

    async def fetched(self, *, is_awaited: bool) -> None:
        """Until something more may have been fetched, or `wake` is called."""

    def wake(self) -> None:
        """Let `fetched` return."""

    def give_back(self, portion: Portion) -> None:
        """Read its records again, as if they had not been drained."""


class Ahead:
    """One batch of `max_records` at most. It grows until it is full or somebody takes it."""

    def __init__(self, source: Source, max_records: int, decode: Decode | None) -> None:
        self.portions: dict[TopicPartition, Portion] = {}
        self._source = source
        self._decode = decode
        self._left = max_records
        self._is_awaited = False
        self._filling = asyncio.create_task(self._fill())

    async def taken(self) -> Mapping[TopicPartition, Portion]:
        """What there is by now, at once; when there is nothing, the next that comes.

        Raises what the source raises; then nothing of the batch is gone.
        """
        self._is_awaited = True
        self._source.wake()
        await self._filling
        return self.portions

    def drop(self) -> None:
        """It isn't wanted any more."""
        if not self._filling.cancel() and not self._filling.cancelled():
            self._filling.exception()

    async def _fill(self) -> None:
        try:
            while self._left:
                async for portion in self._source.slices(self._left):
                    await self._add(portion)
                if self._is_awaited and self.portions:
                    return
                if self._left:
                    await self._source.fetched(is_awaited=self._is_awaited)
        except BaseException:
            for portion in self.portions.values():
                self._source.give_back(portion)
            self.portions = {}
            raise

    async def _add(self, portion: Portion) -> None:
        self._left -= len(portion.records)
        before = self.portions.get(portion.place)
        if before and before.reading is portion.reading:
            before.records += portion.records
            portion = before
        else:
            # What there was of another reading comes again, or is somebody else's.
            self.portions[portion.place] = portion
        if self._decode is None:
            return
        # Whoever applies them decodes what is missing, and fails there.
        with suppress(Exception):
            await portion.decode(self._decode, self._until_others_wait)

    async def _until_others_wait(self) -> None:
        """While a batch is awaited others have one turn, or else as many as they want.

        The store's answers are waited for at the end of the batch in hand: then is the time.
        """
        clock, took_s = asyncio.get_running_loop().time, BUSY_S
        while took_s >= BUSY_S:
            before = clock()
            await asyncio.sleep(0)
            took_s = 0.0 if self._is_awaited else clock() - before
