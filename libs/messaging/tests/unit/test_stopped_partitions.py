from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError

from messaging.one_ahead import Portion, Reading
from messaging.stopped_partitions import StoppedPartitions
from testkit.records import LogRecord

PLACE = TopicPartition("topic", 0)


class Consumer:
    """One that holds these partitions, and perhaps reads them on."""

    def __init__(self, *held: TopicPartition, reads_on: bool = True) -> None:
        self.held = held
        self.reads_on = reads_on
        self.set_back_to: list[int] = []
        self.paused: list[TopicPartition] = []

    def goes_on(self, _portion: Portion) -> bool:
        return self.reads_on

    def seek(self, _place: TopicPartition, offset: int) -> None:
        self.set_back_to.append(offset)

    def pause(self, place: TopicPartition) -> None:
        if place not in self.held:
            raise IllegalStateError(place)
        self.paused.append(place)


def portion_at(offset: int) -> Portion:
    """One record of the partition, drained without a break."""
    record = LogRecord(topic="topic", offset=offset, key=None, value=b"", headers=[])
    return Portion(PLACE, Reading(None, offset + 1), [record])


async def test_a_partition_is_read_again_from_what_failed_after_a_pause() -> None:
    stopped, consumer = StoppedPartitions("group"), Consumer(PLACE)
    holder: Any = consumer
    stopped.stop(holder, portion_at(7), ValueError("bad"))
    assert (consumer.set_back_to, consumer.paused) == ([7], [PLACE])
    assert PLACE in stopped
    assert stopped.trouble == "ValueError('bad')"
    stopped.go_on([portion_at(7)])
    assert stopped.trouble is None


async def test_a_partition_that_was_set_elsewhere_meanwhile_is_left_there() -> None:
    stopped, consumer = StoppedPartitions("group"), Consumer(PLACE, reads_on=False)
    holder: Any = consumer
    stopped.stop(holder, portion_at(7), ValueError("bad"))
    assert (consumer.set_back_to, consumer.paused) == ([], [PLACE])


async def test_what_lies_before_a_record_that_cannot_be_read_does_not_hide_it() -> None:
    stopped, consumer = StoppedPartitions("group"), Consumer(PLACE)
    holder: Any = consumer
    stopped.stop_unreadable(holder, PLACE, 8, ValueError("bad"))
    stopped.go_on([portion_at(7)])
    assert PLACE in stopped
    stopped.go_on([portion_at(8)])
    assert PLACE not in stopped


async def test_a_partition_that_somebody_else_holds_by_now_is_no_trouble_here() -> None:
    stopped = StoppedPartitions("group")
    nobody: Any = Consumer()
    stopped.stop_unreadable(nobody, PLACE, 7, ValueError("bad"))
    assert stopped.trouble is None
    assert PLACE not in stopped
