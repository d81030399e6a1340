"""Kafka brokers for tests: the one that a variable names, or the embedded one from its wheel."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Protocol

from contracts.topics import TOPICS
from messaging.topics import apply
from servers import embedded_broker
from servers.processes import run_apart
from testkit.containers import shared_server
from testkit.processes import LocalServer, free_port, in_its_folder

VARIABLE: Final = "FRONTDESK_TEST_KAFKA"
"""Names the bootstrap servers of a broker to use instead."""


class Broker(Protocol):
    """A running broker that has the declared topics."""

    @property
    def bootstrap_servers(self) -> str:
        """`host:port`."""


class NamedBroker:
    """Somebody else's broker."""

    def __init__(self, bootstrap_servers: str) -> None:
        self.bootstrap_servers = bootstrap_servers
        make_topics(bootstrap_servers)


class EmbeddedBroker(LocalServer):
    """The broker of the embedded stack, with its log in memory. Raises ServerUnavailable."""

    def __init__(self, folder: Path) -> None:
        server = embedded_broker.EmbeddedBroker(folder=folder, port=free_port())
        self.bootstrap_servers = server.bootstrap_servers
        super().__init__(server)

    def _complete(self) -> None:
        make_topics(self.bootstrap_servers, in_memory=True)


def broker_for_tests() -> AbstractContextManager[Broker]:
    """The broker that the variable names, or else a new embedded one."""
    return shared_server(VARIABLE, named=NamedBroker, contained=new_broker, local=new_broker)


def new_broker() -> AbstractContextManager[EmbeddedBroker]:
    """A new embedded broker that ends with the block. Raises ServerUnavailable."""
    return in_its_folder("broker", EmbeddedBroker)


def make_topics(bootstrap_servers: str, *, in_memory: bool = False) -> None:
    """Make the declared topics that a broker doesn't have."""
    run_apart(apply(bootstrap_servers, TOPICS, in_memory=in_memory))
