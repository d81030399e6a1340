"""Partitions whose next record can't be consumed now: they stop, and the others go on."""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError

from messaging.long_poll import LongPollConsumer
from messaging.pauses import pauses_s
from messaging.records import Record

log = logging.getLogger(__name__)


class StoppedPartitions:
    """Stops partitions for a growing time each, and knows why."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._pauses: dict[TopicPartition, Iterator[float]] = {}
        self._errors: dict[TopicPartition, str] = {}

    @property
    def trouble(self) -> str | None:
        """Why a partition is stopped, if one is."""
        return next(iter(self._errors.values()), None)

    def __contains__(self, place: object) -> bool:
        return place in self._errors

    def stop(self, consumer: LongPollConsumer, records: Sequence[Record], error: Exception) -> None:
        """These records of one partition come again after a pause, before all that follow."""
        place = TopicPartition(records[0].topic, records[0].partition)
        self._stop(consumer, place, records[0].offset, error, pauses_s())

    def stop_unreadable(
        self, consumer: LongPollConsumer, place: TopicPartition, offset: int, error: Exception
    ) -> None:
        """The partition is read again from that offset, seldom: each try disturbs the others."""
        self._stop(consumer, place, offset, error, pauses_s(first_s=10.0, longest_s=120.0))

    def _stop(
        self,
        consumer: LongPollConsumer,
        place: TopicPartition,
        offset: int,
        error: Exception,
        pauses: Iterator[float],
    ) -> None:
        try:
            consumer.set_back(place, offset)
            consumer.pause(place)
        except IllegalStateError:
            # It is held no longer: it is somebody else's now, and so is its trouble.
            self.go_on([place])
            return
        pause = next(self._pauses.setdefault(place, pauses))
        self._errors[place] = repr(error)
        log.warning("%s tries %s@%d again in %.1f s: %r", self._group, place, offset, pause, error)
        asyncio.get_running_loop().call_later(pause, _go_on, consumer, place)

    def go_on(self, places: Iterable[TopicPartition]) -> None:
        """Records of these have been consumed."""
        for place in places:
            self._pauses.pop(place, None)
            self._errors.pop(place, None)

    def keep(self, held: set[TopicPartition]) -> None:
        """Only these are held now."""
        self.go_on([place for place in self._errors if place not in held])


def _go_on(consumer: LongPollConsumer, place: TopicPartition) -> None:
    with suppress(IllegalStateError):
        consumer.resume(place)
