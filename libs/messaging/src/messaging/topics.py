"""Makes the declared topics on a broker."""

import asyncio
from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from contracts.topics import TOPICS, Topic


async def apply(
    bootstrap_servers: str,
    topics: Iterable[Topic] = TOPICS,
    *,
    in_memory: bool = False,
    timeout_s: float = 15.0,
) -> list[str]:
    """Create the topics that are missing; returns their names.

    `in_memory` chooses the retention for a broker that keeps its log in memory. Raises KafkaError
    or TimeoutError when the broker doesn't do it in time.
    """
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    async with asyncio.timeout(timeout_s):
        await client.start()
        try:
            existing = set(await client.list_topics())
            missing = [topic for topic in topics if topic.name not in existing]
            if missing:
                response = await client.create_topics(
                    [_new_topic(topic, in_memory) for topic in missing]
                )
                _raise_errors(response.topic_errors)
            return [topic.name for topic in missing]
        finally:
            await client.close()


def _new_topic(topic: Topic, in_memory: bool) -> NewTopic:
    retention_ms = topic.memory_retention_ms if in_memory else topic.retention_ms
    return NewTopic(
        name=topic.name,
        num_partitions=topic.partitions,
        replication_factor=1 if in_memory else -1,
        topic_configs={"retention.ms": str(retention_ms)},
    )


def _raise_errors(topic_errors: Iterable[tuple[str, int, str | None]]) -> None:
    for name, code, message in topic_errors:
        error: type[KafkaError] = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise error(f"{name}: {message}")
