"""Partitions whose next record can't be consumed now: they stop, and the others go on."""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError

from messaging.long_poll import LongPollConsumer
from messaging.one_ahead import Portion
from messaging.pauses import pauses_s

log = logging.getLogger(__name__)


class StoppedPartitions:
    """Stops partitions for a growing time each, and knows why."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._pauses: dict[TopicPartition, Iterator[float]] = {}
        self._errors: dict[TopicPartition, str] = {}
        self._offsets: dict[TopicPartition, int] = {}

    @property
    def trouble(self) -> str | None:
        """Why a partition is stopped, if one is."""
        return next(iter(self._errors.values()), None)

    def __contains__(self, place: object) -> bool:
        return place in self._errors

    def stop(self, consumer: LongPollConsumer, portion: Portion, error: Exception) -> None:
        """These records come again after a pause, before all that follow: their reading ends."""
        if consumer.goes_on(portion):
            consumer.seek(portion.place, portion.offset)
        self._pause(consumer, portion.place, portion.offset, error, pauses_s())

    def stop_unreadable(
        self, consumer: LongPollConsumer, place: TopicPartition, offset: int, error: Exception
    ) -> None:
        """The partition stands there, and is tried seldom: each try disturbs the others."""
        pauses = pauses_s(first_s=10.0, longest_s=120.0)
        self._pause(consumer, place, offset, error, pauses)

    def _pause(
        self,
        consumer: LongPollConsumer,
        place: TopicPartition,
        offset: int,
        error: Exception,
        pauses: Iterator[float],
    ) -> None:
        try:
            consumer.pause(place)
        except IllegalStateError:
            # It is held no longer: it is somebody else's now, and so is its trouble.
            self._forget([place])
            return
        pause = next(self._pauses.setdefault(place, pauses))
        self._errors[place], self._offsets[place] = repr(error), offset
        log.warning("%s tries %s@%d again in %.1f s: %r", self._group, place, offset, pause, error)
        asyncio.get_running_loop().call_later(pause, _go_on, consumer, place)

    def go_on(self, portions: Iterable[Portion]) -> None:
        """These have been consumed. What can't be read may lie right behind them: that stands."""
        self._forget(
            portion.place
            for portion in portions
            if self._offsets.get(portion.place) != portion.reading.position
        )

    def keep(self, held: set[TopicPartition]) -> None:
        """Only these are held now."""
        self._forget([place for place in self._errors if place not in held])

    def _forget(self, places: Iterable[TopicPartition]) -> None:
        for place in places:
            self._pauses.pop(place, None)
            self._errors.pop(place, None)
            self._offsets.pop(place, None)


def _go_on(consumer: LongPollConsumer, place: TopicPartition) -> None:
    with suppress(IllegalStateError):
        consumer.resume(place)
