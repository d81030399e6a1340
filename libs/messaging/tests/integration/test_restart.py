"""A consumer that hangs is replaced, and one that doesn't is left alone."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import KafkaError
from libs.messaging.tests.integration.test_subscription import Reader

from contracts.topics import LEDGER_COMMANDS, Topic
from messaging import long_poll, subscriber
from messaging.long_poll import LongPollConsumer
from messaging.one_ahead import Portion
from messaging.records import Record
from messaging.restart import are_others_answered, start_anew
from testkit.brokers import Broker, EmbeddedBroker
from testkit.waiting import in_background, until

Send = Callable[..., Awaitable[None]]


@pytest.fixture
def send(producer: AIOKafkaProducer, topic: Topic) -> Send:
    async def send(*values: bytes) -> None:
        for value in values:
            await producer.send_and_wait(topic.name, value, partition=0)

    return send


def consumer_of(reader: Reader) -> LongPollConsumer:
    consumer = reader.subscription._subscriber.consumer
    assert isinstance(consumer, LongPollConsumer)
    return consumer


async def never(*_: object) -> None:
    await asyncio.Event().wait()


async def test_nothing_is_left_of_a_consumer_that_does_not_end(
    broker: Broker, topic: Topic, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_poll, "LEAVE_S", 0.1)
    async with Reader(broker, topic).reading() as reader:
        await send(b"one")
        await reader.has_read(1)
        hanging = consumer_of(reader)
        left = {*hanging._tasks(), *reader.subscription._subscriber.tasks}
        monkeypatch.setattr(hanging, "commit", never)
        monkeypatch.setattr(hanging._coordinator, "close", never)
        await send(b"two")
        await reader.has_read(2)
        await start_anew(reader.subscription._subscriber, topic.name)
        await until(lambda: all(task.done() for task in left))
        assert hanging not in (None, consumer_of(reader))
        await send(b"three")
        await until(lambda: b"three" in reader.values)


async def test_nothing_is_left_of_a_consumer_that_could_not_be_started(
    broker: Broker, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    consumer = LongPollConsumer(
        topic.name, bootstrap_servers=broker.bootstrap_servers, group_id=topic.name
    )

    real = consumer._subscription.wait_for_assignment

    def fail() -> None:
        monkeypatch.setattr(consumer._subscription, "wait_for_assignment", real)
        raise KafkaError("something is wrong with the group")

    monkeypatch.setattr(consumer._subscription, "wait_for_assignment", fail)
    with pytest.raises(KafkaError):
        await consumer.start()
    assert all(task.done() for task in consumer._tasks())


async def test_a_consumer_is_left_alone_while_nobody_is_answered(
    own_broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("WATCH_EVERY_S", 0.02), ("STUCK_AFTER_S", 0.1), ("LOOK_BACK_S", 0.2)):
        monkeypatch.setattr(subscriber, name, seconds)
    answers: list[bool] = []

    async def ask(servers: str, places: frozenset[TopicPartition]) -> bool:
        answers.append(await are_others_answered(servers, places))
        return answers[-1]

    monkeypatch.setattr(subscriber, "are_others_answered", ask)
    async with Reader(own_broker, LEDGER_COMMANDS).reading() as reader:
        before = consumer_of(reader)
        reader.subscription._progress.note({(LEDGER_COMMANDS.name, 0): 0})
        own_broker.kill()
        async with in_background(reader.subscription.watch()):
            await until(lambda: len(answers) >= 3)
        assert not any(answers)
        assert consumer_of(reader) is before
        assert reader.subscription.waiting_s == 0.0


async def test_a_consumer_that_gets_on_while_the_end_is_asked_for_is_not_set_back(
    broker: Broker, topic: Topic, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Reader(broker, topic).reading() as reader:
        await send(b"one")
        await reader.has_read(1)
        consumer = consumer_of(reader)
        real = consumer.end_offsets

        async def end_offsets(places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
            ends: dict[TopicPartition, int] = await real(places)
            await send(b"two")
            await reader.has_read(2)
            return ends

        monkeypatch.setattr(consumer, "end_offsets", end_offsets)
        await reader.subscription._waiting()
        await send(b"three")
        await until(lambda: b"three" in reader.values)
    assert reader.values == [b"one", b"two", b"three"]


async def test_what_fails_after_its_log_was_set_to_its_start_is_read_from_there(
    broker: Broker, topic: Topic, send: Send
) -> None:
    async with Reader(broker, topic).reading() as reader:
        await send(b"one")
        await reader.has_read(1)
        consume = reader.subscription._consume

        async def fail(_records: Sequence[Record]) -> None:
            reader.subscription._consume = consume
            consumer_of(reader).seek(TopicPartition(topic.name, 0), 0)
            raise ConnectionError("the store is away")

        reader.subscription._consume = fail
        await send(b"two")
        await until(lambda: b"two" in reader.values)
    assert reader.values == [b"one", b"one", b"two"]


async def test_records_come_again_when_nobody_can_say_whether_they_are_due(
    broker: Broker, topic: Topic, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Reader(broker, topic).reading() as reader:
        due = reader.subscription._due

        async def fail(*_: object) -> Sequence[Portion]:
            monkeypatch.setattr(reader.subscription, "_due", due)
            raise KafkaError("something is wrong with the group")

        monkeypatch.setattr(reader.subscription, "_due", fail)
        await send(b"one")
        await until(lambda: reader.subscription._due == due)
        await send(b"two")
        await until(lambda: b"two" in reader.values)
    assert reader.values == [b"one", b"two"]


async def test_a_consumer_that_is_never_told_where_to_begin_is_replaced(
    broker: Broker, topic: Topic, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("WATCH_EVERY_S", 0.05), ("STUCK_AFTER_S", 0.2), ("LOOK_BACK_S", 0.5)):
        monkeypatch.setattr(subscriber, name, seconds)
    real = GroupCoordinator._do_fetch_commit_offsets
    asking: list[GroupCoordinator] = []

    async def fetch(self: GroupCoordinator, places: list[TopicPartition]) -> object:
        asking.append(self)
        if self is asking[0]:
            raise KafkaError("an error after which aiokafka doesn't ask again")
        return await real(self, places)

    monkeypatch.setattr(GroupCoordinator, "_do_fetch_commit_offsets", fetch)
    await send(b"one")
    async with Reader(broker, topic).reading() as reader:
        first = consumer_of(reader)
        async with in_background(reader.subscription.watch()):
            await reader.has_read(1)
        assert consumer_of(reader) is not first
    assert reader.values == [b"one"]
