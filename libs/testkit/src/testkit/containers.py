"""Where the servers that tests share come from, and containers of those that Docker runs.

The tests of this module try the choice alone: they need no Docker, and no image is pulled.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from typing import Final, TypeVar

from servers.processes import HOST, ServerUnavailable
from testkit.processes import free_port

T = TypeVar("T")
PING_S: Final = 1


@dataclass(frozen=True, kw_only=True)
class Image:
    """A server's image; `ready` is what it logs for the last time before it does its work."""

    name: str
    port: int
    ready: str
    ready_times: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)
    command: str = ""


POSTGRES: Final = Image(
    name="postgres:18.4",
    port=5432,
    # Once from the server that runs the first set-up, which listens on its socket alone.
    ready="database system is ready to accept connections",
    ready_times=2,
    environment={"POSTGRES_PASSWORD": "postgres"},
    command="postgres -c fsync=off -c synchronous_commit=off -c full_page_writes=off",
)
MONGODB: Final = Image(name="mongo:8.0.13", port=27017, ready="Waiting for connections")
VALKEY: Final = Image(name="valkey/valkey:8.1.4", port=6379, ready="Ready to accept connections")
KAFKA: Final = Image(
    name="apache/kafka:4.3.1",
    port=9092,
    ready="Kafka Server started",
    environment={
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    },
)


def shared_server(
    variable: str,
    *,
    named: Callable[[str], T],
    contained: Callable[[], AbstractContextManager[T]],
    local: Callable[[], AbstractContextManager[T]],
) -> AbstractContextManager[T]:
    """The server that the variable names, or one in a container where Docker runs, or a process."""
    if address := os.environ.get(variable):
        return nullcontext(named(address))
    return contained() if docker_runs() else local()


@cache
def docker_runs() -> bool:
    """Does a Docker engine answer? Asked once."""
    import docker  # type: ignore[import-untyped]
    from docker.errors import DockerException  # type: ignore[import-untyped]

    try:
        client = docker.from_env(timeout=PING_S)
        return bool(client.ping())
    except (DockerException, OSError):
        return False


@contextmanager
def contained(image: Image) -> Iterator[str]:
    """`host:port` of a new container that is gone after the block. Raises ServerUnavailable.

    Its port is known before it starts, since Kafka tells it to its clients.
    """
    from docker.errors import DockerException
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    port = free_port()
    told = {"KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{HOST}:{port}"} if image is KAFKA else {}
    container = (
        DockerContainer(image.name)
        .with_envs(**image.environment, **told)
        .with_bind_ports(image.port, port)
        .waiting_for(LogMessageWaitStrategy(image.ready, times=image.ready_times))
    )
    if image.command:
        container.with_command(image.command)
    try:
        container.start()
    except (DockerException, OSError, RuntimeError) as error:
        container.stop()
        raise ServerUnavailable(f"its container did not start: {error}") from error
    try:
        yield f"{HOST}:{port}"
    finally:
        container.stop()
