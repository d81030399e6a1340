"""Kafka brokers for tests: the one that a variable names, or the embedded one from its wheel."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from contracts.topics import TOPICS
from messaging.topics import apply
from testkit.processes import (
    HOST,
    ServerProcess,
    accepts_connections,
    binary_of,
    free_port,
    run_apart,
    temporary_folder,
)

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
        run_apart(apply(bootstrap_servers, TOPICS))


class EmbeddedBroker:
    """The broker of the embedded stack, with its log in memory. Raises ServerUnavailable."""

    def __init__(self, folder: Path) -> None:
        self._binary = binary_of("noida_db", "noida-db")
        self._folder = folder
        self._port = free_port()
        self.bootstrap_servers = f"{HOST}:{self._port}"
        self._process = self._start()

    def stop(self) -> None:
        """End it. Its log is saved to its folder."""
        self._process.stop(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def restart(self) -> None:
        """End it at once and start it again, at the same address, with what it has saved."""
        self.kill()
        self._process = self._start()

    def restart_empty(self) -> None:
        """End it and start it again, at the same address, with empty topics."""
        self.kill()
        shutil.rmtree(self._folder / "data")
        self._process = self._start()

    def _start(self) -> ServerProcess:
        command: list[str | Path] = [
            self._binary, "start", "--only", "kafka", "--host", HOST,
            "--kafka-port", str(self._port), "--data-dir", self._folder / "data",
        ]  # fmt: skip
        process = ServerProcess(command, log=self._folder / "log")
        process.wait_until(partial(accepts_connections, self._port))
        run_apart(apply(self.bootstrap_servers, TOPICS, in_memory=True))
        return process


@contextmanager
def broker_for_tests() -> Iterator[Broker]:
    """The broker that the variable names, or else a new one."""
    if bootstrap_servers := os.environ.get(VARIABLE):
        yield NamedBroker(bootstrap_servers)
        return
    with new_broker() as broker:
        yield broker


@contextmanager
def new_broker() -> Iterator[EmbeddedBroker]:
    """A new embedded broker. Raises ServerUnavailable."""
    folder = temporary_folder("broker")
    try:
        broker = EmbeddedBroker(folder)
        try:
            yield broker
        finally:
            broker.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
