import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from contracts.topics import LEDGER_EVENTS, TOPICS
from servers.processes import accepts_connections
from testkit.brokers import Broker
from testkit.kafka import KafkaServer

PLACE = TopicPartition(LEDGER_EVENTS.name, 0)


async def write(bootstrap_servers: str, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap_servers, acks="all") as producer:
        await producer.send_and_wait(PLACE.topic, value, partition=PLACE.partition)


async def end_of(bootstrap_servers: str) -> int:
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap_servers) as consumer:
        end: int = (await consumer.end_offsets([PLACE]))[PLACE]
        return end


async def test_it_has_all_declared_topics(kafka: Broker) -> None:
    async with AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap_servers) as consumer:
        assert {topic.name for topic in TOPICS} <= await consumer.topics()


async def test_it_keeps_its_log_when_it_is_killed_and_loses_it_with_its_disk(
    own_kafka: KafkaServer,
) -> None:
    address = own_kafka.bootstrap_servers
    await write(address, b"kept")
    own_kafka.restart()
    assert (own_kafka.bootstrap_servers, await end_of(address)) == (address, 1)
    own_kafka.restart_empty()
    assert (own_kafka.bootstrap_servers, await end_of(address)) == (address, 0)
    own_kafka.stop()
    assert not accepts_connections(int(address.rpartition(":")[2]))


async def test_clients_behind_its_proxy_stay_there(own_kafka: KafkaServer) -> None:
    async with own_kafka.proxy() as proxy:
        await write(own_kafka.proxied_bootstrap_servers, b"passed")
        passed = proxy.accepted
        await write(own_kafka.bootstrap_servers, b"direct")
        assert proxy.accepted == passed > 1
        proxy.swallow()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(write(own_kafka.proxied_bootstrap_servers, b"lost"), 1)
        assert await end_of(own_kafka.bootstrap_servers) == 2
        await proxy.heal()
        await write(own_kafka.proxied_bootstrap_servers, b"again")
    assert await end_of(own_kafka.bootstrap_servers) == 3


async def test_a_lost_answer_to_an_idempotent_producer_leaves_one_record(
    own_kafka: KafkaServer,
) -> None:
    async with (
        own_kafka.proxy() as proxy,
        AIOKafkaProducer(
            bootstrap_servers=own_kafka.proxied_bootstrap_servers, enable_idempotence=True
        ) as producer,
    ):
        await producer.send_and_wait(PLACE.topic, b"one", partition=PLACE.partition)
        proxy.cut("to_client", after_bytes=5)
        await producer.send_and_wait(PLACE.topic, b"two", partition=PLACE.partition)
        assert proxy.connections
    assert await end_of(own_kafka.bootstrap_servers) == 2
