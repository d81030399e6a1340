from collections.abc import Awaitable, Callable

import pytest
from aiokafka import AIOKafkaProducer

from contracts.topics import Topic
from messaging.log_reader import LogReader, Mark
from testkit.brokers import Broker

Send = Callable[..., Awaitable[None]]


@pytest.fixture
def send(producer: AIOKafkaProducer, topic: Topic) -> Send:
    async def send(*ids: str, partition: int = 0) -> None:
        for message_id in ids:
            headers = [("ce_id", message_id.encode())]
            await producer.send_and_wait(topic.name, b"", partition=partition, headers=headers)

    return send


async def test_a_message_that_is_where_it_was_seen_says_the_log_is_the_same(
    broker: Broker, topic: Topic, send: Send
) -> None:
    await send("a", "b", "c")
    await send("d", partition=1)
    async with LogReader(broker.bootstrap_servers) as reader:
        for offset, message_id in enumerate("abc"):
            marks = {
                (topic.name, 0): Mark(offset=offset, message_id=message_id),
                (topic.name, 1): Mark(offset=0, message_id="d"),
            }
            assert await reader.changed(marks) == set()


async def test_another_message_or_none_where_one_was_seen_says_it_is_another_log(
    broker: Broker, topic: Topic, send: Send
) -> None:
    await send("a", "b")
    async with LogReader(broker.bootstrap_servers) as reader:
        other = {
            (topic.name, 0): Mark(offset=1, message_id="a"),
            (topic.name, 1): Mark(offset=0, message_id="a"),
        }
        assert await reader.changed(other) == set(other)


async def test_a_mark_without_an_id_stands_for_a_message_without_one(
    broker: Broker, topic: Topic, send: Send, producer: AIOKafkaProducer
) -> None:
    await producer.send_and_wait(topic.name, b"", partition=0)
    await send("a")
    async with LogReader(broker.bootstrap_servers) as reader:
        nameless = Mark(offset=0, message_id="")
        assert await reader.changed({(topic.name, 0): nameless}) == set()
        nameless = Mark(offset=1, message_id="")
        assert await reader.changed({(topic.name, 0): nameless}) == {(topic.name, 0)}


async def test_a_log_that_has_lost_nothing_starts_at_its_first_offset(
    broker: Broker, topic: Topic, send: Send
) -> None:
    await send("a", "b")
    async with LogReader(broker.bootstrap_servers) as reader:
        places = [(topic.name, 0), (topic.name, 1)]
        assert await reader.starts(places) == dict.fromkeys(places, 0)
