"""Kafka brokers for tests: the one that a variable names, or the embedded one from its wheel."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeVar

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


class Killable(Protocol):
    """A server that can be ended at once."""

    def kill(self) -> None:
        """End it at once."""


S = TypeVar("S", bound=Killable)


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
        make_topics(self.bootstrap_servers, process, in_memory=True)
        return process


def broker_for_tests() -> AbstractContextManager[Broker]:
    """The broker that the variable names, or else a new embedded one."""
    return named_or(new_broker)


def new_broker() -> AbstractContextManager[EmbeddedBroker]:
    """A new embedded broker that ends with the block. Raises ServerUnavailable."""
    return in_its_folder("broker", EmbeddedBroker)


def make_topics(bootstrap_servers: str, process: ServerProcess, *, in_memory: bool = False) -> None:
    """Make the declared topics on a broker that has just started; end it when that fails."""
    try:
        run_apart(apply(bootstrap_servers, TOPICS, in_memory=in_memory))
    except BaseException:
        process.kill()
        raise


@contextmanager
def named_or(new: Callable[[], AbstractContextManager[Broker]]) -> Iterator[Broker]:
    """The broker that the variable names, or else a new one."""
    if bootstrap_servers := os.environ.get(VARIABLE):
        yield NamedBroker(bootstrap_servers)
        return
    with new() as broker:
        yield broker


@contextmanager
def in_its_folder(name: str, start: Callable[[Path], S]) -> Iterator[S]:
    """A server in a folder of its own; both are gone after the block."""
    folder = temporary_folder(name)
    try:
        server = start(folder)
        try:
            yield server
        finally:
            server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
