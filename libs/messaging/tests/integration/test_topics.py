import pytest
from aiokafka.admin import AIOKafkaAdminClient

from contracts.topics import TOPICS, Topic
from messaging.topics import apply
from testkit.brokers import Broker
from testkit.processes import free_port


async def test_topics_are_made_once_with_their_partitions(broker: Broker, topic: Topic) -> None:
    again = await apply(broker.bootstrap_servers, [topic], in_memory=True)
    assert again == []
    client = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    await client.start()
    try:
        [description] = await client.describe_topics([topic.name])
    finally:
        await client.close()
    assert len(description["partitions"]) == topic.partitions


async def test_all_declared_topics_are_there(broker: Broker) -> None:
    assert await apply(broker.bootstrap_servers, TOPICS, in_memory=True) == []


async def test_a_broker_that_is_away_is_an_error() -> None:
    with pytest.raises((OSError, RuntimeError)):
        await apply(f"127.0.0.1:{free_port()}", TOPICS, in_memory=True, timeout_s=2)
