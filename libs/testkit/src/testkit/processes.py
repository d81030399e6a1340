"""Servers as local processes: started on loopback, waited for, stopped by whoever started them."""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, Final, TypeVar

T = TypeVar("T")

HOST: Final = "127.0.0.1"
START_S: Final = 20.0
STOP_S: Final = 10.0
_POLL_S: Final = 0.02
_MEMORY: Final = Path("/dev/shm")
_ENOUGH_BYTES: Final = 2 * 1024**3


class ServerUnavailable(Exception):
    """A backing server can't be had on this machine; the text says why."""


class ServerProcess:
    """One server process whose output goes to a log file; `user_id` is whom it runs as."""

    def __init__(
        self, command: Sequence[str | Path], *, log: Path, user_id: int | None = None
    ) -> None:
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=log.parent,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **as_user(user_id),
            )

    def wait_until(self, is_ready: Callable[[], bool], *, at_most_s: float = START_S) -> None:
        """Raises ServerUnavailable, with the end of its log, when it ends or takes too long."""
        deadline = monotonic() + at_most_s
        while not is_ready():
            if self._process.poll() is not None or monotonic() > deadline:
                self.kill()
                raise ServerUnavailable(f"it did not start: {self._last_words()}")
            Event().wait(_POLL_S)

    def stop(self, signal: int) -> None:
        """Ask it to end; end it when it doesn't."""
        self._process.send_signal(signal)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._process.kill()
        self._process.wait()

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").split("\n")
        return " | ".join(line for line in lines[-5:] if line) or "it said nothing"


def as_user(user_id: int | None) -> dict[str, Any]:
    """The arguments of subprocess that run a command as that user, or as oneself for None."""
    if user_id is None:
        return {}
    return {"user": user_id, "group": user_id, "extra_groups": []}


def temporary_folder(name: str) -> Path:
    """A new folder for what a test may lose: in memory, where there is enough of it."""
    in_memory = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ENOUGH_BYTES
    return Path(tempfile.mkdtemp(prefix=f"frontdesk-{name}-", dir=_MEMORY if in_memory else None))


def free_port() -> int:
    """A port of the loopback interface that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


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
    spec = find_spec(package)
    binary = Path(spec.origin).parent.joinpath(*path) if spec and spec.origin else Path(package)
    if not binary.is_file():
        raise ServerUnavailable(f"{binary.name} is not installed")
    if not os.access(binary, os.X_OK):
        binary.chmod(0o755)
    return binary


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on a loop of its own, whether a loop runs here or not."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()
