from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from messaging.topics import apply
from servers.kafka import Kafka
from servers.processes import ServerUnavailable
from testkit.processes import LocalServer, free_port, in_its_folder

PLACE = TopicPartition("ledger.events.v1", 0)


class Movable(LocalServer):
    """Kafka, which can start again on other ports."""

    def __init__(self, folder: Path) -> None:
        self.kafka = self._on_new_ports(folder)
        super().__init__(self.kafka)

    def move(self) -> None:
        self.stop()
        self.kafka = self._on_new_ports(self.kafka.folder)
        super().__init__(self.kafka)

    def _on_new_ports(self, folder: Path) -> Kafka:
        return Kafka(folder=folder, port=free_port(), controller_port=free_port())


@pytest.fixture
def server() -> Iterator[Movable]:
    try:
        with in_its_folder("kafka", Movable) as server:
            yield server
    except ServerUnavailable as error:
        pytest.skip(f"needs Apache Kafka, which can't be had: {error}")


async def test_it_keeps_its_log_when_it_starts_on_other_ports(server: Movable) -> None:
    first = server.kafka.bootstrap_servers
    await apply(first)
    async with AIOKafkaProducer(bootstrap_servers=first, acks="all") as producer:
        await producer.send_and_wait(PLACE.topic, b"kept", partition=PLACE.partition)

    server.move()

    assert server.kafka.bootstrap_servers != first
    async with AIOKafkaConsumer(bootstrap_servers=server.kafka.bootstrap_servers) as consumer:
        assert (await consumer.end_offsets([PLACE]))[PLACE] == 1
