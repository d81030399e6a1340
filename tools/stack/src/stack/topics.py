import asyncio

from contracts.topics import TOPICS
from messaging.topics import apply
from stack.errors import StackError


def create_topics(bootstrap_servers: str, *, in_memory: bool) -> None:
    """Idempotent: run again after the broker was restarted, it makes what was lost."""
    try:
        asyncio.run(apply(bootstrap_servers, TOPICS, in_memory=in_memory))
    except (OSError, RuntimeError) as error:
        # Timeouts are OSErrors, and the Kafka client's errors are RuntimeErrors.
        raise StackError(f"The broker didn't create the topics: {error!r}") from error
