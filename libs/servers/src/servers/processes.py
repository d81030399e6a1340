"""What whoever starts a server as a local process has to know of it, and what that takes."""

import asyncio
import os
import socket
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from signal import Signals
from typing import Any, Final, Protocol, TypeVar

T = TypeVar("T")

HOST: Final = "127.0.0.1"
START_S: Final = 20.0


class ServerUnavailable(Exception):
    """A backing server can't be had on this machine; the text says why."""


class Server(Protocol):
    """A server as a process on loopback. What it keeps lies in `data` in its folder.

    `title` is its name among people; `user_id` is whom it runs as, None for whoever starts it;
    `stop_signal` ends it in order, whoever is connected; it is ready `start_s` seconds after its
    start at the latest.
    """

    @property
    def title(self) -> str: ...
    @property
    def folder(self) -> Path: ...
    @property
    def user_id(self) -> int | None: ...
    @property
    def stop_signal(self) -> Signals: ...
    @property
    def start_s(self) -> float: ...

    def prepare(self) -> None:
        """Make in its folder what its start needs; what is there stays.

        Raises ServerUnavailable when this machine lacks a part of it.
        """

    def command(self) -> tuple[str, ...]:
        """Its command line, for any working directory. Raises ServerUnavailable."""

    def is_ready(self) -> bool:
        """Does it do its work? It listens a little earlier than that."""


def as_user(user_id: int | None) -> dict[str, Any]:
    """The arguments of subprocess that run a command as that user, or as oneself for None."""
    if user_id is None:
        return {}
    return {"user": user_id, "group": user_id, "extra_groups": []}


def accepts_connections(port: int) -> bool:
    """Does a server listen there?"""
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


def binary_of(package: str, *path: str) -> Path:
    """A program that lies in a wheel, made executable: installers may lose the mode.

    The package isn't imported. Raises ServerUnavailable when it isn't installed.
    """
    binary = package_folder(package, called=path[-1] if path else package).joinpath(*path)
    if not binary.is_file():
        raise ServerUnavailable(f"{binary.name} is not installed")
    if not os.access(binary, os.X_OK):
        binary.chmod(0o755)
    return binary


def package_folder(package: str, *, called: str) -> Path:
    """Where a package lies. Raises ServerUnavailable when it, or what it is called, is missing."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ServerUnavailable(f"{called} is not installed")
    return Path(spec.origin).parent


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on a loop of its own, whether a loop runs here or not."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()
