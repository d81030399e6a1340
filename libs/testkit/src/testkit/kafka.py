"""Apache Kafka for tests: the server that a variable names, or one from its jars on Java."""

import shutil
import signal
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from testkit.brokers import Broker, in_its_folder, make_topics, named_or
from testkit.kafka_jars import kafka_jars, program
from testkit.processes import (
    HOST,
    ServerProcess,
    ServerUnavailable,
    accepts_connections,
    free_port,
    run_apart,
)
from testkit.proxy import FaultProxy

FORMAT_S: Final = 30.0
START_S: Final = 45.0
"""A Java program needs seconds of processor time to start; a busy machine has few to give."""

_JAVA: Final = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")
"""Without the optimising compiler it starts in two thirds of the time."""


# Broker and controller in one process; the internal topics are small, so that it starts fast; a
# broker that was killed is forgotten soon, so that it may come back; a member may be evicted soon.
_SETTINGS: Final = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers={host}:{controller}
controller.listener.names=CONTROLLER
inter.broker.listener.name=DIRECT
listeners=DIRECT://{host}:{direct},PROXIED://{host}:{behind},CONTROLLER://{host}:{controller}
advertised.listeners=DIRECT://{host}:{direct},PROXIED://{host}:{proxied}
listener.security.protocol.map=DIRECT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
log.index.size.max.bytes=1048576
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
"""


class KafkaServer:
    """A broker that keeps what it has acknowledged, with the declared topics.

    A second listener advertises the address of a proxy, which `proxy` opens: clients that start
    with `proxied_bootstrap_servers` stay behind it. Raises ServerUnavailable.
    """

    def __init__(self, folder: Path) -> None:
        self._java, self._jars = program("java"), kafka_jars()
        self._folder = folder
        ports = {name: free_port() for name in ("direct", "behind", "proxied", "controller")}
        self.bootstrap_servers = f"{HOST}:{ports['direct']}"
        self.proxied_bootstrap_servers = f"{HOST}:{ports['proxied']}"
        self._ports = ports
        settings = _SETTINGS.format(host=HOST, data=folder / "data", **ports)
        (folder / "server.properties").write_text(settings)
        self._format()
        self._process = self._start()

    def proxy(self) -> FaultProxy:
        """The proxy of the second listener, for `async with`; one at a time."""
        return FaultProxy(self._ports["behind"], port=self._ports["proxied"])

    def stop(self) -> None:
        """End it in order."""
        self._process.stop(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def restart(self) -> None:
        """End it at once and start it again, at the same addresses, on the same data."""
        self.kill()
        self._process = self._start()

    def restart_empty(self) -> None:
        """End it at once and start it again, at the same addresses, on a wiped disk."""
        self.kill()
        shutil.rmtree(self._folder / "data")
        self._format()
        self._process = self._start()

    def _format(self) -> None:
        command = self._command(
            "kafka.tools.StorageTool", "format", "--standalone",
            "--cluster-id", str(uuid4()), "--config", "server.properties",
        )  # fmt: skip
        try:
            done = subprocess.run(
                command,
                cwd=self._folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=FORMAT_S,
            )
        except subprocess.TimeoutExpired:
            raise ServerUnavailable("its storage tool takes too long") from None
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise ServerUnavailable(f"its storage tool failed: {' | '.join(said[-3:])}")

    def _start(self) -> ServerProcess:
        process = ServerProcess(
            self._command("kafka.Kafka", "server.properties"), log=self._folder / "log"
        )
        process.wait_until(self._has_joined, at_most_s=START_S)
        make_topics(self.bootstrap_servers, process)
        return process

    def _command(self, *program_and_arguments: str) -> list[str]:
        return [self._java, *_JAVA, "-cp", f"{self._jars}/*", *program_and_arguments]

    def _has_joined(self) -> bool:
        """Is it a member of its cluster? It listens a little earlier than that."""
        return accepts_connections(self._ports["direct"]) and run_apart(self._has_members())

    async def _has_members(self) -> bool:
        client = AIOKafkaAdminClient(
            bootstrap_servers=self.bootstrap_servers, request_timeout_ms=2_000
        )
        try:
            await client.start()
            return bool((await client.describe_cluster())["brokers"])
        except (KafkaError, OSError, TimeoutError):
            return False
        finally:
            await client.close()


def kafka_for_tests() -> AbstractContextManager[Broker]:
    """The broker that the variable names, or else a new one."""
    return named_or(new_kafka)


def new_kafka() -> AbstractContextManager[KafkaServer]:
    """A new Kafka that ends with the block. Raises ServerUnavailable."""
    return in_its_folder("kafka", KafkaServer)
