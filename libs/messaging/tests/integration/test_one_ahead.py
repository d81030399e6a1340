"""The next batch is got ready while the store works on the one before."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from libs.messaging.tests.integration.test_subscription import Reader, committed

from contracts.topics import Topic
from messaging.broker import LongPollBroker
from messaging.long_poll import LongPollConsumer
from messaging.records import Record
from messaging.subscriber import Subscription
from testkit.brokers import Broker
from testkit.waiting import until

Send = Callable[..., Awaitable[None]]
MAX_RECORDS = 4


class SlowStore:
    """An instance whose store takes batches only while `is_open`; `failures` of them fail there."""

    def __init__(self, broker: Broker, topic: Topic, *, failures: int = 0) -> None:
        self.decoded: list[bytes] = []
        self.begun: list[list[bytes]] = []
        self.taken: list[bytes] = []
        self.failures = failures
        self.is_open = asyncio.Event()
        self._topic = topic
        self._kafka = LongPollBroker(broker.bootstrap_servers, name=topic.name, shutdown_s=5.0)
        self.subscription = Subscription(
            self._kafka,
            [topic],
            group=topic.name,
            decode=self._decode,
            consume=self._consume,
            max_records=MAX_RECORDS,
        )

    def _decode(self, records: Sequence[Record]) -> list[bytes]:
        values = [record.value or b"" for record in records]
        self.decoded += values
        return values

    async def _consume(self, values: Sequence[bytes]) -> None:
        self.begun.append(list(values))
        await self.is_open.wait()
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the store is away")
        self.taken += values

    @property
    def consumer(self) -> LongPollConsumer:
        consumer = self.subscription._subscriber.consumer
        assert isinstance(consumer, LongPollConsumer)
        return consumer

    @asynccontextmanager
    async def reading(self) -> "AsyncIterator[SlowStore]":
        await self._kafka.start()
        try:
            await until(lambda: len(self.subscription.partitions(self._topic)) == 2)
            yield self
        finally:
            await self._kafka.stop()

    async def has_one_ahead(self, *values: bytes) -> None:
        """One batch is in the store's hands, and all of `values` are decoded behind it."""
        await until(lambda: len(self.begun) == 1 and set(values) <= set(self.decoded))


@pytest.fixture
def send(producer: AIOKafkaProducer, topic: Topic) -> Send:
    async def send(*values: bytes, partition: int = 0) -> None:
        for value in values:
            await producer.send_and_wait(topic.name, value, partition=partition)

    return send


async def test_the_next_batch_is_decoded_while_the_store_works_and_applied_after_it(
    broker: Broker, topic: Topic, send: Send
) -> None:
    async with SlowStore(broker, topic).reading() as store:
        await send(b"one")
        await until(lambda: store.begun == [[b"one"]])
        await send(b"two", b"three")
        await store.has_one_ahead(b"two", b"three")
        assert store.begun == [[b"one"]]
        store.is_open.set()
        await until(lambda: len(store.taken) == 3)
    assert store.begun == [[b"one"], [b"two", b"three"]]


async def test_no_more_than_one_batch_is_ahead(broker: Broker, topic: Topic, send: Send) -> None:
    values = [b"%d" % n for n in range(12)]
    async with SlowStore(broker, topic).reading() as store:
        await send(b"first")
        await until(lambda: store.begun == [[b"first"]])
        await send(*values)
        await store.has_one_ahead(*values[:MAX_RECORDS])
        # All has been fetched, and still it waits.
        fetched = store.consumer._fetcher._records
        await until(lambda: TopicPartition(topic.name, 0) in fetched)
        assert store.decoded == [b"first", *values[:MAX_RECORDS]]
        store.is_open.set()
        await until(lambda: len(store.taken) == 13)
    assert store.taken == [b"first", *values]
    assert max(map(len, store.begun)) == MAX_RECORDS


async def test_what_is_ahead_of_a_batch_that_fails_waits_until_that_comes_again(
    broker: Broker, topic: Topic, send: Send
) -> None:
    async with SlowStore(broker, topic, failures=1).reading() as store:
        await send(b"one")
        await until(lambda: store.begun == [[b"one"]])
        await send(b"two")
        await send(b"other", partition=1)
        await store.has_one_ahead(b"two", b"other")
        store.is_open.set()
        await until(lambda: len(store.taken) == 3)
        assert await committed(broker, topic) <= 2
    assert store.begun[1] == [b"other"]
    assert [value for value in store.taken if value != b"other"] == [b"one", b"two"]


async def test_what_is_ahead_is_not_applied_where_its_partition_was_set_elsewhere(
    broker: Broker, topic: Topic, send: Send
) -> None:
    async with SlowStore(broker, topic).reading() as store:
        await send(b"one")
        await until(lambda: store.begun == [[b"one"]])
        await send(b"two")
        await store.has_one_ahead(b"two")
        store.consumer.seek(TopicPartition(topic.name, 0), 0)
        await until(lambda: store.decoded.count(b"two") == 2)
        store.is_open.set()
        await until(lambda: len(store.taken) >= 3)
        await send(b"three")
        await until(lambda: b"three" in store.taken)
    assert store.taken == [b"one", b"one", b"two", b"three"]


async def test_a_batch_that_fails_after_its_partition_was_set_elsewhere_leaves_it_there(
    broker: Broker, topic: Topic, send: Send
) -> None:
    async with SlowStore(broker, topic).reading() as store:
        store.is_open.set()
        await send(b"one")
        await until(lambda: store.taken == [b"one"])
        store.is_open.clear()
        store.failures = 1
        await send(b"two")
        await until(lambda: store.begun[-1] == [b"two"])
        store.consumer.seek(TopicPartition(topic.name, 0), 0)
        await until(lambda: store.decoded.count(b"two") == 2)
        store.is_open.set()
        await until(lambda: b"two" in store.taken)
        await send(b"three")
        await until(lambda: b"three" in store.taken)
    assert store.taken == [b"one", b"one", b"two", b"three"]


async def test_what_is_ahead_is_left_to_whoever_gets_its_partition(
    broker: Broker, topic: Topic, send: Send
) -> None:
    second = Reader(broker, topic)
    async with SlowStore(broker, topic).reading() as first:
        await send(b"other", partition=1)
        await until(lambda: len(first.begun) == 1)
        await send(*[b"%d" % n for n in range(2)], partition=0)
        await send(*[b"%d" % n for n in range(2, 4)], partition=1)
        await first.has_one_ahead(*[b"%d" % n for n in range(4)])
        async with second.reading():
            await until(lambda: len(second.subscription.partitions(topic)) == 1)
            first.is_open.set()
            await until(lambda: {*first.taken, *second.values} >= {b"%d" % n for n in range(4)})
    everything = [value for value in [*first.taken, *second.values] if value != b"other"]
    assert sorted(filter(None, everything)) == [b"%d" % n for n in range(4)]


async def test_a_stop_settles_what_is_in_hand_and_leaves_what_is_ahead_to_the_next_start(
    broker: Broker, topic: Topic, send: Send
) -> None:
    async with SlowStore(broker, topic).reading() as store:
        await send(b"one")
        await until(lambda: store.begun == [[b"one"]])
        await send(b"two")
        await store.has_one_ahead(b"two")
        asyncio.get_running_loop().call_later(0.2, store.is_open.set)
    assert store.taken == [b"one"]
    assert await committed(broker, topic) == 1
    async with Reader(broker, topic).reading() as next_one:
        await next_one.has_read(1)
    assert next_one.values == [b"two"]


async def test_what_is_ahead_counts_as_waiting_and_not_as_consumed(
    broker: Broker, topic: Topic, send: Send
) -> None:
    async with SlowStore(broker, topic).reading() as store:
        await send(b"one")
        await until(lambda: store.begun == [[b"one"]])
        await send(b"two")
        await send(b"other", partition=1)
        await store.has_one_ahead(b"two", b"other")
        assert await store.subscription._waiting() == {(topic.name, 0): 0, (topic.name, 1): 0}
        store.is_open.set()
        await until(lambda: len(store.taken) == 3)

        async def is_at_rest() -> bool:
            return await store.subscription._waiting() == {}

        await until(is_at_rest)
