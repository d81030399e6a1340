"""Apache Kafka, from its jars, on Java 17 or later."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM, Signals
from typing import Final
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from servers.kafka_jars import jars_in, kafka_jars, program
from servers.processes import HOST, ServerUnavailable, accepts_connections, run_apart

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
controller.quorum.voters=1@{host}:{controller}
controller.listener.names=CONTROLLER
inter.broker.listener.name=DIRECT
listeners={listeners},CONTROLLER://{host}:{controller}
advertised.listeners={advertised}
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


@dataclass(frozen=True, kw_only=True)
class Proxied:
    """A second listener, for clients behind a proxy: it advertises the proxy's port."""

    port: int
    advertised_port: int


@dataclass(frozen=True, kw_only=True)
class Kafka:
    """One node, broker and controller, that keeps what it has acknowledged when it is killed.

    As Kafka does, it leaves syncing to the system: a power cut can cost the last records, which
    the outboxes publish again.
    """

    folder: Path
    port: int
    controller_port: int
    proxied: Proxied | None = None
    user_id: int | None = None
    title: str = "Apache Kafka"
    stop_signal: Signals = SIGTERM
    start_s: float = START_S

    @property
    def bootstrap_servers(self) -> str:
        return f"{HOST}:{self.port}"

    def prepare(self) -> None:
        """Its jars are fetched where they aren't there yet, which takes Maven and a network."""
        program("java")
        kafka_jars()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._settings_file.write_text(self._settings())
        if not (self.folder / "data" / "meta.properties").exists():
            self._format()

    def command(self) -> tuple[str, ...]:
        return self._java("kafka.Kafka", str(self._settings_file))

    def is_ready(self) -> bool:
        """Is it a member of its cluster?"""
        return accepts_connections(self.port) and run_apart(self._has_members())

    @property
    def _settings_file(self) -> Path:
        return self.folder / "server.properties"

    def _settings(self) -> str:
        listeners = [("DIRECT", self.port, self.port)]
        if self.proxied:
            listeners.append(("PROXIED", self.proxied.port, self.proxied.advertised_port))
        return _SETTINGS.format(
            host=HOST,
            data=self.folder / "data",
            controller=self.controller_port,
            listeners=",".join(f"{name}://{HOST}:{port}" for name, port, _ in listeners),
            advertised=",".join(f"{name}://{HOST}:{port}" for name, _, port in listeners),
        )

    def _format(self) -> None:
        command = self._java(
            "kafka.tools.StorageTool", "format", "--cluster-id", str(uuid4()),
            "--config", str(self._settings_file),
        )  # fmt: skip
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=FORMAT_S
            )
        except subprocess.TimeoutExpired:
            raise ServerUnavailable("its storage tool takes too long") from None
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise ServerUnavailable(f"its storage tool failed: {' | '.join(said[-3:])}")

    def _java(self, *program_and_arguments: str) -> tuple[str, ...]:
        return (program("java"), *_JAVA, "-cp", f"{jars_in()}/*", *program_and_arguments)

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
