"""A server of MongoDB's protocol: SecantusDB, from its wheel.

It is licensed under the GPL, so it is for development and tests, and only ever a process of its
own: nothing here imports it. Elsewhere a MongoDB of one's own takes its place, by its URL.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM, Signals

from servers.processes import HOST, START_S, accepts_connections, package_folder


@dataclass(frozen=True, kw_only=True)
class MongoDB:
    """A standalone: without change streams and transactions, as the smallest MongoDB is."""

    folder: Path
    port: int
    user_id: int | None = None
    title: str = "SecantusDB"
    stop_signal: Signals = SIGTERM
    start_s: float = START_S

    @property
    def url(self) -> str:
        return f"mongodb://{HOST}:{self.port}"

    def prepare(self) -> None:
        package_folder("secantus", called="SecantusDB")

    def command(self) -> tuple[str, ...]:
        """Every commit is synced: otherwise acknowledged writes are lost when it is killed.

        In a folder in memory that costs nothing.
        """
        options = ("--standalone", "--sync-on-commit", "--log-level", "WARNING")
        place = ("--host", HOST, "--port", str(self.port))
        storage = ("--storage-path", str(self.folder / "data"), "--cache-size", "128M")
        return (sys.executable, "-m", "secantus", *place, *storage, *options)

    def is_ready(self) -> bool:
        """It opens its storage before it listens."""
        return accepts_connections(self.port)
