from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError

from messaging.stopped_partitions import StoppedPartitions

PLACE = TopicPartition("topic", 0)


class Consumer:
    """One that holds these partitions."""

    def __init__(self, *held: TopicPartition) -> None:
        self.held = held
        self.set_back_to: list[int] = []
        self.paused: list[TopicPartition] = []

    def set_back(self, place: TopicPartition, offset: int) -> None:
        if place not in self.held:
            raise IllegalStateError(place)
        self.set_back_to.append(offset)

    def pause(self, place: TopicPartition) -> None:
        self.paused.append(place)


async def test_a_partition_is_read_again_from_what_failed_after_a_pause() -> None:
    stopped, consumer = StoppedPartitions("group"), Consumer(PLACE)
    holder: Any = consumer
    stopped.stop_unreadable(holder, PLACE, 7, ValueError("bad"))
    assert (consumer.set_back_to, consumer.paused) == ([7], [PLACE])
    assert PLACE in stopped
    assert stopped.trouble == "ValueError('bad')"


async def test_a_partition_that_somebody_else_holds_by_now_is_no_trouble_here() -> None:
    stopped = StoppedPartitions("group")
    nobody: Any = Consumer()
    stopped.stop_unreadable(nobody, PLACE, 7, ValueError("bad"))
    assert stopped.trouble is None
    assert PLACE not in stopped
