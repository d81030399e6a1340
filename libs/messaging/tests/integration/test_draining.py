"""What has been fetched is given out, whatever else can't be."""

from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.errors import KafkaError

from contracts.topics import Topic
from messaging.long_poll import LongPollConsumer
from messaging.one_ahead import Portion
from testkit.brokers import Broker
from testkit.waiting import until

Drained = dict[TopicPartition, list[Portion]]


@pytest.fixture
async def consumer(broker: Broker) -> AsyncIterator[LongPollConsumer]:
    consumer = LongPollConsumer(
        bootstrap_servers=broker.bootstrap_servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    yield consumer
    await consumer.stop()


async def fill(
    producer: AIOKafkaProducer, consumer: LongPollConsumer, topic: Topic, *values: list[bytes]
) -> list[TopicPartition]:
    """Put values into each partition, and return the partitions when all has been fetched."""
    places = [TopicPartition(topic.name, n) for n in range(len(values))]
    for place, some in zip(places, values, strict=True):
        for value in some:
            await producer.send_and_wait(topic.name, value, partition=place.partition)
    consumer.assign(places)
    await until(lambda: set(places) <= set(consumer._fetcher._records))
    return places


def values_of(drained: Drained, place: TopicPartition) -> list[bytes]:
    portions = drained.get(place, [])
    return [record.value or b"" for portion in portions for record in portion.records]


async def test_what_was_drained_before_an_error_of_the_group_comes_again(
    consumer: LongPollConsumer,
    producer: AIOKafkaProducer,
    topic: Topic,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places = await fill(producer, consumer, topic, [b"one"], [b"two"])
    real, calls = AIOKafkaConsumer.getmany, 0

    async def getmany(self: AIOKafkaConsumer, *args: object, **options: object) -> Drained:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KafkaError("something is wrong with the group")
        found: Drained = await real(self, *args, **options)
        return found

    monkeypatch.setattr(AIOKafkaConsumer, "getmany", getmany)
    with pytest.raises(KafkaError):
        await consumer.getmany(max_records=10)
    drained: set[bytes] = set()

    async def is_all_there() -> bool:
        found = await consumer.getmany(max_records=10)
        drained.update(value for place in places for value in values_of(found, place))
        return drained == {b"one", b"two"}

    await until(is_all_there)


async def test_partitions_with_much_to_read_take_turns(
    consumer: LongPollConsumer, producer: AIOKafkaProducer, topic: Topic
) -> None:
    places = await fill(producer, consumer, topic, [b"much"] * 30, [b"much"] * 30)
    batches = [await consumer.getmany(max_records=10) for _ in range(4)]
    assert [[len(some.records) for [some] in found.values()] for found in batches] == [[10]] * 4
    turns = [place for found in batches for place in found]
    assert set(turns[:2]) == set(turns[2:]) == set(places)


@pytest.mark.parametrize("error", [UnicodeDecodeError("utf8", b"", 0, 1, ""), OSError("no gzip")])
async def test_what_lies_before_a_record_that_cannot_be_read_is_given_out(
    consumer: LongPollConsumer,
    producer: AIOKafkaProducer,
    topic: Topic,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    real = PartitionRecords._consumer_record

    def read(self: PartitionRecords, place: TopicPartition, record: ConsumerRecord) -> object:
        if record.value == b"bad":
            raise error
        return real(self, place, record)

    monkeypatch.setattr(PartitionRecords, "_consumer_record", read)
    unreadable: list[tuple[TopicPartition, int]] = []

    def note(place: TopicPartition, offset: int, _error: Exception) -> None:
        unreadable.append((place, offset))
        consumer.pause(place)

    consumer.on_unreadable = note
    values = [[b"1", b"2", b"3", b"bad", b"4"], [b"5"]]
    place, _other = await fill(producer, consumer, topic, *values)
    drained: list[bytes] = []

    async def is_seen() -> bool:
        async for portion in consumer.slices(10):
            drained.extend(values_of({portion.place: [portion]}, portion.place))
        return bool(unreadable)

    await until(is_seen)
    assert unreadable == [(place, 3)]
    assert sorted(drained) == [b"1", b"2", b"3", b"5"]
