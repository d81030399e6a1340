"""Apache Kafka for tests: the server that a variable names, or one from its jars on Java."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from servers.kafka import Kafka, Proxied
from testkit.brokers import VARIABLE, Broker, NamedBroker, make_topics
from testkit.containers import KAFKA, contained, shared_server
from testkit.processes import LocalServer, free_port, in_its_folder
from testkit.proxy import FaultProxy


class KafkaServer(LocalServer):
    """A broker that keeps what it has acknowledged, with the declared topics.

    A second listener advertises the address of a proxy, which `proxy` opens: clients that start
    with `proxied_bootstrap_servers` stay behind it. Raises ServerUnavailable.
    """

    def __init__(self, folder: Path) -> None:
        self._proxied = Proxied(port=free_port(), advertised_port=free_port())
        server = Kafka(
            folder=folder,
            port=free_port(),
            controller_port=free_port(),
            proxied=self._proxied,
        )
        self.bootstrap_servers = server.bootstrap_servers
        host = server.bootstrap_servers.partition(":")[0]
        self.proxied_bootstrap_servers = f"{host}:{self._proxied.advertised_port}"
        super().__init__(server)

    def proxy(self) -> FaultProxy:
        """The proxy of the second listener, for `async with`; one at a time."""
        return FaultProxy(self._proxied.port, port=self._proxied.advertised_port)

    def _complete(self) -> None:
        make_topics(self.bootstrap_servers)


def kafka_for_tests() -> AbstractContextManager[Broker]:
    """The broker that the variable names, or else a new one."""
    return shared_server(VARIABLE, named=NamedBroker, contained=_contained, local=new_kafka)


def new_kafka() -> AbstractContextManager[KafkaServer]:
    """A new Kafka that ends with the block. Raises ServerUnavailable."""
    return in_its_folder("kafka", KafkaServer)


@contextmanager
def _contained() -> Iterator[Broker]:
    with contained(KAFKA) as address:
        yield NamedBroker(address)
