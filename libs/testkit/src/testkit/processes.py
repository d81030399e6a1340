"""Servers that a test session starts, in folders of their own, and may end at any moment."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from signal import SIGKILL
from threading import Event
from time import monotonic
from typing import Final, TypeVar

from servers.processes import HOST, START_S, Server, ServerUnavailable, as_user

STOP_S: Final = 10.0
_POLL_S: Final = 0.02
_MEMORY: Final = Path("/dev/shm")
_ENOUGH_BYTES: Final = 2 * 1024**3


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


class LocalServer:
    """A server that a test may end and start again. Raises ServerUnavailable."""

    def __init__(self, server: Server) -> None:
        self._server = server
        server.prepare()
        self._process = self._start()

    def stop(self) -> None:
        """Cut all connections and end it in order."""
        self._process.stop(self._server.stop_signal)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def give_up(self) -> None:
        """End it for good: nobody needs what it keeps."""
        self.kill()

    def restart(self) -> None:
        """End it at once and start it again, at the same address, with what it has kept."""
        self.kill()
        self._process = self._start()

    def restart_empty(self) -> None:
        """End it at once and start it again, at the same address, on a wiped disk."""
        self.kill()
        shutil.rmtree(self._server.folder / "data")
        self._server.prepare()
        self._process = self._start()

    def _start(self) -> ServerProcess:
        server = self._server
        process = ServerProcess(server.command(), log=server.folder / "log", user_id=server.user_id)
        process.wait_until(server.is_ready, at_most_s=server.start_s)
        try:
            self._complete()
        except BaseException:
            process.kill()
            raise
        return process

    def _complete(self) -> None:
        """What it needs besides, as soon as it runs."""


S = TypeVar("S", bound=LocalServer)


@contextmanager
def in_its_folder(name: str, start: Callable[[Path], S]) -> Iterator[S]:
    """A server in a folder of its own; both are gone after the block."""
    folder = temporary_folder(name)
    try:
        server = start(folder)
        try:
            yield server
        finally:
            server.give_up()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def end_at_once(pids: Iterable[int]) -> None:
    """End processes that are nobody's children here, and return when they are gone."""
    left = list(pids)
    deadline = monotonic() + STOP_S
    while left and monotonic() < deadline:
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, SIGKILL)
        left = [pid for pid in left if _is_alive(pid)]
        Event().wait(_POLL_S if left else 0)


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


def _is_alive(pid: int) -> bool:
    """A zombie isn't, though it can be signalled until somebody takes note of its end."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return True
