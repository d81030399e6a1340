from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from contracts.topics import TOPICS, Topic
from messaging.topics import CLEANUP, RETENTION, Applied, apply, main
from testkit.brokers import Broker
from testkit.processes import free_port


@asynccontextmanager
async def admin(broker: Broker) -> AsyncIterator[Any]:
    client = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


def settings(topic: Topic, configs: dict[str, str] | None = None) -> Any:
    return ConfigResource(ConfigResourceType.TOPIC, topic.name, configs)


async def test_topics_are_made_once_with_their_partitions(broker: Broker, topic: Topic) -> None:
    again = await apply(broker.bootstrap_servers, [topic], in_memory=True)
    assert again == Applied()
    async with admin(broker) as client:
        [description] = await client.describe_topics([topic.name])
    assert len(description["partitions"]) == topic.partitions


async def test_a_broker_that_keeps_its_log_keeps_it_for_longer(broker: Broker) -> None:
    own = Topic(name=f"test.{uuid4().hex}", owner="test", partitions=1)
    assert await apply(broker.bootstrap_servers, [own]) == Applied(made=[own.name])
    assert await apply(broker.bootstrap_servers, [own]) == Applied()
    applied = await apply(broker.bootstrap_servers, [own], in_memory=True)
    assert applied.settings == {
        (own.name, RETENTION): (str(own.retention_ms), str(own.memory_retention_ms))
    }


async def test_another_retention_is_set_and_other_settings_stay(
    broker: Broker, topic: Topic
) -> None:
    async with admin(broker) as client:
        old = str(topic.memory_retention_ms)
        await client.alter_configs([settings(topic, {RETENTION: old, "segment.bytes": "7000000"})])
    longer = replace(topic, memory_retention_ms=topic.memory_retention_ms + 1)
    applied = await apply(broker.bootstrap_servers, [longer], in_memory=True)
    assert applied.settings == {
        (topic.name, RETENTION): (
            str(topic.memory_retention_ms),
            str(longer.memory_retention_ms),
        )
    }
    async with admin(broker) as client:
        [response] = await client.describe_configs([settings(topic)])
    [(_code, _text, _type, _name, entries)] = response.resources
    found = {entry[0]: entry[1] for entry in entries}
    assert found[RETENTION] == str(longer.memory_retention_ms)
    assert found["segment.bytes"] == "7000000"


async def test_a_topic_is_compacted_when_it_is_declared_so(broker: Broker, topic: Topic) -> None:
    compacted = replace(topic, is_compacted=True)
    applied = await apply(broker.bootstrap_servers, [compacted], in_memory=True)
    assert applied.settings == {(topic.name, CLEANUP): ("delete", "compact")}
    assert await apply(broker.bootstrap_servers, [compacted], in_memory=True) == Applied()


async def test_partitions_are_reported_and_never_added(broker: Broker, topic: Topic) -> None:
    more = replace(topic, partitions=3)
    for _ in range(2):
        applied = await apply(broker.bootstrap_servers, [more], in_memory=True)
        assert applied == Applied(partitions={topic.name: (2, 3)})
        assert applied.lines() == [
            f"{topic.name} has 2 partitions and should have 3; left as it is"
        ]


def test_the_command_says_what_it_has_done(
    broker: Broker, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["apply", "--bootstrap", broker.bootstrap_servers, "--in-memory"]
    new = Topic(name=f"test.{uuid4().hex}", owner="test", partitions=1)
    monkeypatch.setattr(apply, "__defaults__", ([new],))
    assert main(arguments) == 0
    assert capsys.readouterr().out == f"made {new.name}\n"
    assert main(arguments) == 0
    assert capsys.readouterr().out == "every topic is as it is declared\n"


def test_the_command_says_when_the_broker_is_away(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply, "__kwdefaults__", {"in_memory": False, "timeout_s": 2})
    assert main(["apply", "--bootstrap", f"127.0.0.1:{free_port()}"]) == 1
    assert capsys.readouterr().err.startswith("the topics can't be applied: ")


async def test_all_declared_topics_are_there(broker: Broker) -> None:
    assert (await apply(broker.bootstrap_servers, TOPICS, in_memory=True)).made == []


async def test_a_broker_that_is_away_is_an_error() -> None:
    with pytest.raises((OSError, RuntimeError)):
        await apply(f"127.0.0.1:{free_port()}", TOPICS, in_memory=True, timeout_s=2)
