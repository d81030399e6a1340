"""The broker of the embedded stack: noida-db, from its wheel.

It keeps its log in memory, and writes a copy to its folder every second and when it ends in order.
"""

from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM, Signals

from servers.processes import HOST, START_S, accepts_connections, binary_of


@dataclass(frozen=True, kw_only=True)
class EmbeddedBroker:
    """A broker of Kafka's protocol that may lose the last second's records."""

    folder: Path
    port: int
    user_id: int | None = None
    title: str = "the embedded broker"
    stop_signal: Signals = SIGTERM
    start_s: float = START_S

    @property
    def bootstrap_servers(self) -> str:
        return f"{HOST}:{self.port}"

    def prepare(self) -> None:
        _binary()

    def command(self) -> tuple[str, ...]:
        """The console script of the wheel only wraps this binary: that is one process less."""
        return (
            str(_binary()), "start", "--only", "kafka", "--host", HOST,
            "--kafka-port", str(self.port), "--data-dir", str(self.folder / "data"),
        )  # fmt: skip

    def is_ready(self) -> bool:
        return accepts_connections(self.port)


def _binary() -> Path:
    return binary_of("noida_db", "noida-db")
