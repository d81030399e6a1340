"""A member of a consumer group, to be killed: `python -m testkit.probe_member HOST:PORT TOPIC`.

It says so when it has partitions, and then does nothing, for a bounded time.
"""

import asyncio
import sys
from typing import Final

from aiokafka import AIOKafkaConsumer

from testkit.waiting import until

SESSION_MS: Final = 6_000
"""The shortest that Kafka takes as it is shipped."""
LIFE_S: Final = 60.0


def member_of(bootstrap_servers: str, topic: str) -> AIOKafkaConsumer:
    """A consumer of that topic, in the group with the topic's name."""
    return AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap_servers,
        group_id=topic,
        session_timeout_ms=SESSION_MS,
        heartbeat_interval_ms=300,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )


async def _belong(bootstrap_servers: str, topic: str) -> None:
    consumer = member_of(bootstrap_servers, topic)
    await consumer.start()
    await until(lambda: bool(consumer.assignment()), at_most_s=LIFE_S)
    print("joined", flush=True)
    await asyncio.sleep(LIFE_S)


if __name__ == "__main__":
    asyncio.run(_belong(*sys.argv[1:]))
