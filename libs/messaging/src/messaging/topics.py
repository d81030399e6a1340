"""Makes the declared topics on a broker: `python -m messaging.topics apply --bootstrap HOST:PORT`.

Partitions are never added to a topic: its keys would move, and with them their order.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from contracts.topics import TOPICS, Topic

RETENTION: Final = "retention.ms"

_SET_ON_THE_TOPIC: Final = 1
"""The source of a setting that somebody has given to the topic itself, in Kafka's protocol."""

Configs: TypeAlias = Mapping[str, str | None]


@dataclass(kw_only=True)
class Applied:
    """What was done: `made` are topics; `retention` is the old and the new one, in ms, by topic.

    `partitions` are those a topic has and those it should have; nothing was done about them.
    """

    made: list[str] = field(default_factory=list)
    retention: dict[str, tuple[int | None, int]] = field(default_factory=dict)
    partitions: dict[str, tuple[int, int]] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """For people."""
        return [
            *(f"made {name}" for name in self.made),
            *(
                f"{name}: {RETENTION} was {'not set' if old is None else old}, is {new} now"
                for name, (old, new) in self.retention.items()
            ),
            *(
                f"{name} has {found} partitions and should have {declared}; left as it is"
                for name, (found, declared) in self.partitions.items()
            ),
        ]


async def apply(
    bootstrap_servers: str,
    topics: Iterable[Topic] = TOPICS,
    *,
    in_memory: bool = False,
    timeout_s: float = 15.0,
) -> Applied:
    """Create the topics that are missing, and set the retention of those that have another.

    `in_memory` chooses the retention for a broker that keeps its log in memory. Raises KafkaError
    or TimeoutError when the broker doesn't do it in time.
    """
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    async with asyncio.timeout(timeout_s):
        await client.start()
        try:
            return await _apply(client, tuple(topics), in_memory)
        finally:
            await client.close()


async def _apply(client: Any, topics: Sequence[Topic], in_memory: bool) -> Applied:
    existing = set(await client.list_topics())
    known = {topic.name: topic for topic in topics if topic.name in existing}
    missing = [topic for topic in topics if topic.name not in existing]
    applied = Applied(made=[topic.name for topic in missing])
    if missing:
        made = await client.create_topics([_new_topic(topic, in_memory) for topic in missing])
        _raise_errors(made.topic_errors)
    if known:
        for description in await client.describe_topics(list(known)):
            found, declared = len(description["partitions"]), known[description["topic"]].partitions
            if found != declared:
                applied.partitions[description["topic"]] = (found, declared)
        retention = {name: _retention_ms(topic, in_memory) for name, topic in known.items()}
        applied.retention = await _set_retention(client, retention)
    return applied


async def _set_retention(
    client: Any, declared: Mapping[str, int]
) -> dict[str, tuple[int | None, int]]:
    """What has changed. The request replaces all settings of a topic, so it repeats the others."""
    changed, resources = {}, []
    for name, configs in (await _configs(client, list(declared))).items():
        old = configs.get(RETENTION)
        if old != str(declared[name]):
            changed[name] = (None if old is None else int(old), declared[name])
            new = {**configs, RETENTION: str(declared[name])}
            resources.append(ConfigResource(ConfigResourceType.TOPIC, name, new))
    if resources:
        for response in await client.alter_configs(resources):
            _raise_errors((name, code, text) for code, text, _type, name in response.resources)
    return changed


async def _configs(client: Any, names: Sequence[str]) -> dict[str, Configs]:
    """The settings of each topic that are its own, not the broker's."""
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found: dict[str, Configs] = {}
    for response in await client.describe_configs(asked):
        for code, text, _type, name, entries in response.resources:
            _raise_errors([(name, code, text)])
            found[name] = {entry[0]: entry[1] for entry in entries if entry[3] == _SET_ON_THE_TOPIC}
    return found


def _new_topic(topic: Topic, in_memory: bool) -> NewTopic:
    """Without a replication factor the broker takes its own; aiokafka wants no assignment then."""
    return NewTopic(
        name=topic.name,
        num_partitions=topic.partitions,
        replication_factor=1 if in_memory else -1,
        replica_assignments=None if in_memory else {},
        topic_configs={RETENTION: str(_retention_ms(topic, in_memory))},
    )


def _retention_ms(topic: Topic, in_memory: bool) -> int:
    return topic.memory_retention_ms if in_memory else topic.retention_ms


def _raise_errors(errors: Iterable[tuple[str, int, str | None]]) -> None:
    for name, code, message in errors:
        error: type[KafkaError] = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise error(f"{name}: {message}")


def main(arguments: Sequence[str] | None = None) -> int:
    """0, or 1 with one clear sentence."""
    parser = argparse.ArgumentParser(prog="python -m messaging.topics")
    command = parser.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "apply", help="make the declared topics, set their retention"
    )
    command.add_argument("--bootstrap", required=True, metavar="HOST:PORT")
    command.add_argument(
        "--in-memory", action="store_true", help="the broker keeps its log in memory"
    )
    options = parser.parse_args(arguments)
    try:
        applied = asyncio.run(apply(options.bootstrap, in_memory=options.in_memory))
    except (OSError, RuntimeError) as error:
        # Timeouts are OSErrors, and the Kafka client's errors are RuntimeErrors.
        sys.stderr.write(f"the topics can't be applied: {error!r}\n")
        return 1
    lines = applied.lines() or ["every topic is as it is declared"]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
