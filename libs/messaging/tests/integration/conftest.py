from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer

from contracts.topics import Topic
from messaging.topics import apply
from testkit.brokers import Broker


@pytest.fixture(params=["embedded", "kafka"])
def broker(request: pytest.FixtureRequest) -> Broker:
    """The test runs once on each kind of broker."""
    found: Broker = request.getfixturevalue("kafka" if request.param == "kafka" else "broker")
    return found


@pytest.fixture
async def topic(broker: Broker) -> Topic:
    """A topic for this test alone."""
    own = Topic(name=f"test.{uuid4().hex}", owner="test", partitions=2)
    await apply(broker.bootstrap_servers, [own], in_memory=True)
    return own


@pytest.fixture
async def producer(broker: Broker) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers)
    await producer.start()
    yield producer
    await producer.stop()
