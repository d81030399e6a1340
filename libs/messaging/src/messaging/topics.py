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

from contracts.topics import DAY_MS, TOPICS, Topic
from messaging.pauses import pauses_s

RETENTION: Final = "retention.ms"
CLEANUP: Final = "cleanup.policy"
SEGMENT: Final = "segment.ms"
"""A broker forgets whole segments: without this a quiet topic keeps its records twice as long."""

_SET_ON_THE_TOPIC: Final = 1
"""The source of a setting that somebody has given to the topic itself, in Kafka's protocol."""

_UNSET: Final = {CLEANUP: "delete"}
"""What a broker does with a topic that doesn't say."""

Configs: TypeAlias = Mapping[str, str | None]


@dataclass(kw_only=True)
class Applied:
    """What was done: `made` are topics; `settings` the old and the new value, by topic and name.

    `partitions` are those a topic has and those it should have; nothing was done about them.
    """

    made: list[str] = field(default_factory=list)
    settings: dict[tuple[str, str], tuple[str | None, str]] = field(default_factory=dict)
    partitions: dict[str, tuple[int, int]] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """For people."""
        return [
            *(f"made {name}" for name in self.made),
            *(
                f"{topic}: {name} was {'not set' if old is None else old}, is {new} now"
                for (topic, name), (old, new) in self.settings.items()
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
    """Create the topics that are missing, and set retention and compaction of the others.

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
    applied = Applied()
    if missing:
        made = await client.create_topics([_new_topic(topic, in_memory) for topic in missing])
        _raise_errors(made.topic_errors)
        applied.made = [name for name, code, _text in made.topic_errors if not code]
        await _until_known(client, [topic.name for topic in missing])
    if known:
        for description in await client.describe_topics(list(known)):
            found, declared = len(description["partitions"]), known[description["topic"]].partitions
            if found != declared:
                applied.partitions[description["topic"]] = (found, declared)
        declared_settings = {name: _settings(topic, in_memory) for name, topic in known.items()}
        applied.settings = await _set(client, declared_settings)
    return applied


async def _until_known(client: Any, names: Sequence[str]) -> None:
    """A broker says that a topic is made a little before it can be used."""
    for pause in pauses_s(first_s=0.01, longest_s=0.2):
        described = await client.describe_topics(names)
        if all(topic["partitions"] and not topic["error_code"] for topic in described):
            return
        await asyncio.sleep(pause)


async def _set(
    client: Any, declared: Mapping[str, Mapping[str, str]]
) -> dict[tuple[str, str], tuple[str | None, str]]:
    """What has changed. The request replaces all settings of a topic, so it repeats the others."""
    changed: dict[tuple[str, str], tuple[str | None, str]] = {}
    resources = []
    for topic, configs in (await _configs(client, list(declared))).items():
        other = {
            name: (configs.get(name), value)
            for name, value in declared[topic].items()
            if (configs.get(name) or _UNSET.get(name)) != value
        }
        if other:
            changed |= {(topic, name): values for name, values in other.items()}
            new = {**configs, **declared[topic]}
            resources.append(ConfigResource(ConfigResourceType.TOPIC, topic, new))
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
        topic_configs=_settings(topic, in_memory),
    )


def _settings(topic: Topic, in_memory: bool) -> dict[str, str]:
    cleanup = "compact" if topic.is_compacted else "delete"
    if in_memory:
        return {RETENTION: str(topic.memory_retention_ms), CLEANUP: cleanup}
    return {
        RETENTION: str(topic.retention_ms),
        SEGMENT: str(min(topic.retention_ms, DAY_MS)),
        CLEANUP: cleanup,
    }


def _raise_errors(errors: Iterable[tuple[str, int, str | None]]) -> None:
    for name, code, message in errors:
        error: type[KafkaError] = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise error(f"{name}: {message}")


def main(arguments: Sequence[str] | None = None) -> int:
    """0, or 1 with one clear sentence."""
    parser = argparse.ArgumentParser(prog="python -m messaging.topics")
    command = parser.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "apply", help="make the declared topics, set retention and compaction"
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
