from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from aiokafka.structs import OffsetAndMetadata

import messaging.broker
from contracts.topics import Topic
from messaging import subscriber
from messaging.broker import LongPollBroker
from messaging.long_poll import LongPollConsumer
from messaging.records import Record
from messaging.subscriber import Subscription
from messaging.topics import apply
from testkit.brokers import Broker
from testkit.waiting import in_background, until


class Reader:
    """A service's instance that remembers what it was given. `failures` batches fail first."""

    def __init__(self, broker: Broker, topic: Topic, *, failures: int = 0) -> None:
        self.records: list[Record] = []
        self.batches = 0
        self.failures = failures
        self._kafka = LongPollBroker(broker.bootstrap_servers, name=topic.name, shutdown_s=0.5)
        self.subscription = Subscription(
            self._kafka, [topic], group=topic.name, consume=self._consume
        )

    async def _consume(self, records: Sequence[Record]) -> None:
        self.batches += 1
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the store is away")
        self.records += records

    @property
    def values(self) -> list[bytes | None]:
        return [record.value for record in self.records]

    @asynccontextmanager
    async def reading(self) -> "AsyncIterator[Reader]":
        await self._kafka.start()
        try:
            yield self
        finally:
            await self._kafka.stop()

    async def has_read(self, count: int) -> None:
        await until(lambda: len(self.records) >= count)


async def committed(broker: Broker, topic: Topic) -> int:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=broker.bootstrap_servers, group_id=topic.name, enable_auto_commit=False
    )
    await consumer.start()
    try:
        return await consumer.committed(TopicPartition(topic.name, 0)) or 0
    finally:
        await consumer.stop()


@pytest.fixture
def send(producer: AIOKafkaProducer, topic: Topic) -> Callable[..., Awaitable[None]]:
    async def send(*values: bytes | None, **record: object) -> None:
        for value in values:
            await producer.send_and_wait(topic.name, value, partition=0, **record)

    return send


Send = Callable[..., Awaitable[None]]


async def test_a_record_whose_header_is_no_text_is_delivered_like_any_other(
    broker: Broker, topic: Topic, send: Send
) -> None:
    hostile = [("ce_id", b"\xff\xfe"), ("ce_type", b"")]
    async with Reader(broker, topic).reading() as reader:
        await send(b"one", headers=hostile)
        await send(b"two")
        await reader.has_read(2)
    assert reader.values == [b"one", b"two"]
    assert list(reader.records[0].headers) == hostile


async def test_a_tombstone_is_delivered_as_nothing(
    broker: Broker, topic: Topic, send: Send
) -> None:
    async with Reader(broker, topic).reading() as reader:
        await send(None, key=b"k")
        await reader.has_read(1)
    assert (reader.records[0].key, reader.records[0].value) == (b"k", None)


async def test_what_failed_is_given_again_in_order_and_nothing_is_passed_over(
    broker: Broker, topic: Topic, send: Send
) -> None:
    values = [b"%d" % n for n in range(10)]
    await send(*values)
    async with Reader(broker, topic, failures=3).reading() as reader:
        await reader.has_read(10)
    assert reader.values == values
    assert reader.batches >= 4


async def test_one_partition_stops_at_its_record_and_the_others_go_on(
    broker: Broker, topic: Topic, producer: AIOKafkaProducer
) -> None:
    reader = Reader(broker, topic)
    taken: list[bytes | None] = []

    async def consume(records: Sequence[Record]) -> None:
        if any(record.value == b"bad" for record in records) and not reader.failures:
            raise ConnectionError("something that this one needs is away")
        taken.extend(record.value for record in records)

    reader.subscription._consume = consume
    for value, partition in ((b"bad", 0), (b"after it", 0), (b"one", 1), (b"two", 1)):
        await producer.send_and_wait(topic.name, value, partition=partition)
    async with reader.reading():
        await until(lambda: {b"one", b"two"} <= set(taken))
        assert b"after it" not in taken
        await until(lambda: "away" in (reader.subscription.trouble or ""))
        await producer.send_and_wait(topic.name, b"three", partition=1)
        await until(lambda: b"three" in taken)
        reader.failures = 1
        await until(lambda: b"after it" in taken)
        assert taken.index(b"bad") < taken.index(b"after it")
        await until(lambda: reader.subscription.trouble is None)


class BadName(str):
    """A header's name that aiokafka writes as bytes that are no text."""

    __slots__ = ()

    def encode(self, *_: object) -> bytes:
        return b"\xff\xfe"


async def test_a_record_that_cannot_be_read_stops_its_partition_and_nothing_of_others_is_lost(
    broker: Broker, topic: Topic, producer: AIOKafkaProducer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("producer", "message_accumulator"):
        name = f"aiokafka.producer.{module}.DefaultRecordBatchBuilder"
        monkeypatch.setattr(name, _DefaultRecordBatchBuilderPy)
    await producer.send_and_wait(topic.name, b"bad", partition=0, headers=[(BadName("x"), b"")])
    for n in range(40):
        await producer.send_and_wait(topic.name, b"%d" % n, partition=1)
    async with Reader(broker, topic).reading() as reader:
        await until(lambda: {b"%d" % n for n in range(40)} <= set(reader.values))
        await until(lambda: "UnicodeDecodeError" in (reader.subscription.trouble or ""))
        await producer.send_and_wait(topic.name, b"after", partition=1)
        await until(lambda: b"after" in reader.values)


async def test_a_header_without_a_value_is_delivered_like_any_other(
    broker: Broker, topic: Topic, send: Send
) -> None:
    async with Reader(broker, topic).reading() as reader:
        await send(b"one", headers=[("ce_id", None)])
        await reader.has_read(1)
    assert list(reader.records[0].headers) == [("ce_id", None)]


async def test_offsets_are_committed_after_success_and_never_before(
    broker: Broker, topic: Topic, send: Send
) -> None:
    await send(b"one")
    async with Reader(broker, topic, failures=10_000).reading() as reader:
        await until(lambda: reader.batches >= 2)
        assert await committed(broker, topic) == 0
        reader.failures = 0
        await reader.has_read(1)

        async def is_committed() -> bool:
            return await committed(broker, topic) == 1

        await until(is_committed)


async def test_another_instance_goes_on_where_the_last_one_stopped(
    broker: Broker, topic: Topic, send: Send
) -> None:
    await send(b"one")
    async with Reader(broker, topic).reading() as first:
        await first.has_read(1)
    await send(b"two")
    async with Reader(broker, topic).reading() as second:
        await second.has_read(1)
    assert second.values == [b"two"]


async def test_an_instance_that_was_stopped_before_it_succeeded_leaves_the_record_to_the_next(
    broker: Broker, topic: Topic, send: Send
) -> None:
    await send(b"one")
    async with Reader(broker, topic, failures=10_000).reading() as first:
        await until(lambda: first.batches >= 1)
    async with Reader(broker, topic).reading() as second:
        await second.has_read(1)
    assert second.values == [b"one"]


async def test_an_instance_knows_the_partitions_that_it_holds(broker: Broker, topic: Topic) -> None:
    async with Reader(broker, topic).reading() as reader:
        await until(lambda: reader.subscription.partitions(topic) == [0, 1])


async def test_a_topic_that_a_broker_has_lost_is_read_again_when_it_is_made_anew(
    kafka: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messaging.broker, "LOOKS_FOR_TOPICS_EVERY_MS", 200)
    topic = Topic(name=f"test.{uuid4().hex}", owner="test", partitions=1)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    await apply(kafka.bootstrap_servers, [topic])
    async with (
        AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers) as producer,
        Reader(kafka, topic).reading() as reader,
    ):
        await producer.send_and_wait(topic.name, b"one")
        await reader.has_read(1)
        await admin.delete_topics([topic.name])
        await until(lambda: reader.subscription.partitions(topic) == [])
        await apply(kafka.bootstrap_servers, [topic])
        await until(lambda: reader.subscription.partitions(topic) == [0])
        await producer.send_and_wait(topic.name, b"two")
        await reader.has_read(2)
    await admin.close()


async def test_a_consumer_that_hangs_is_seen_and_started_anew(
    broker: Broker, topic: Topic, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriber, "WATCH_EVERY_S", 0.05)
    monkeypatch.setattr(subscriber, "STUCK_AFTER_S", 0.2)
    async with Reader(broker, topic).reading() as reader:
        await send(b"one")
        await reader.has_read(1)
        consumer = reader.subscription._subscriber.consumer
        assert consumer is not None
        consumer.pause(*consumer.assignment())
        await send(b"two")
        async with in_background(reader.subscription.watch()):
            await reader.has_read(2)
            await until(lambda: not reader.subscription.is_stuck)
    assert reader.values == [b"one", b"two"]


async def commit(broker: Broker, topic: Topic, offset: int, note: str) -> None:
    """Leave an offset behind, as an instance that has stopped."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=broker.bootstrap_servers, group_id=topic.name, enable_auto_commit=False
    )
    await consumer.start()
    try:
        place = TopicPartition(topic.name, 0)
        consumer.assign([place])
        await consumer.commit({place: OffsetAndMetadata(offset, note)})
    finally:
        await consumer.stop()


async def test_a_consumer_that_cannot_even_be_asked_where_it_is_is_started_anew(
    broker: Broker, topic: Topic, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriber, "WATCH_EVERY_S", 0.05)
    monkeypatch.setattr(subscriber, "STUCK_AFTER_S", 0.2)
    async with Reader(broker, topic).reading() as reader:
        hanging = reader.subscription._subscriber.consumer
        assert hanging is not None
        await until(lambda: reader.subscription.partitions(topic) == [0, 1])

        async def never(_place: TopicPartition) -> int:
            raise TimeoutError

        monkeypatch.setattr(hanging, "position", never)
        hanging.pause(*hanging.assignment())
        async with in_background(reader.subscription.watch()):
            await send(b"one")
            await reader.has_read(1)
        assert reader.subscription._subscriber.consumer is not hanging


async def test_offsets_that_survive_their_log_skip_nothing_of_the_new_one(
    broker: Broker, topic: Topic, send: Send
) -> None:
    await send(b"one", headers=[("ce_id", b"a")])
    await send(b"two", b"three", headers=[("ce_id", b"b")])
    await commit(broker, topic, 2, "1 lost")
    async with Reader(broker, topic).reading() as reader:
        await reader.has_read(3)
    assert reader.values == [b"one", b"two", b"three"]


async def test_a_log_that_is_replaced_while_it_is_read_is_read_from_its_start(
    broker: Broker, topic: Topic, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriber, "WATCH_EVERY_S", 0.05)
    await send(b"one", b"two", headers=[("ce_id", b"a")])
    async with Reader(broker, topic).reading() as reader:
        await reader.has_read(2)
        reader.subscription._memory.recall({(topic.name, 0): "0 lost"})
        async with in_background(reader.subscription.watch()):
            await reader.has_read(4)
    assert reader.values == [b"one", b"two"] * 2


async def test_an_offset_is_kept_with_a_message_that_lies_before_it(
    broker: Broker, topic: Topic, send: Send
) -> None:
    await send(b"one", headers=[("ce_id", b"a")])
    async with Reader(broker, topic).reading() as reader:
        await reader.has_read(1)

        async def is_noted() -> bool:
            consumer = reader.subscription._subscriber.consumer
            assert isinstance(consumer, LongPollConsumer)
            place = TopicPartition(topic.name, 0)
            return await consumer.committed_notes([place]) == {place: "0 a"}

        await until(is_noted)
