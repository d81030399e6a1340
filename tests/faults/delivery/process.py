"""A process of the system under test, as the test sees it: started, killed, watched."""

import signal
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from testkit.waiting import until
from tests.faults.delivery.breaking import Faults
from tests.faults.delivery.member import Orders
from workspace import ROOT


@dataclass(kw_only=True)
class Process:
    """One member. `peak_bytes` is the most memory that it was ever seen to use."""

    name: str
    orders: Orders
    log: Path
    peak_bytes: int = 0
    _running: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    @property
    def pid(self) -> int:
        """Its number, while it runs."""
        assert self._running is not None, f"{self.name} isn't running"
        return self._running.pid

    def start(self, faults: Faults | None = None) -> None:
        """Start it, with these faults or with none."""
        assert self._running is None, f"{self.name} is running"
        orders = replace(self.orders, faults=faults or Faults())
        with self.log.open("ab") as output:
            self._running = subprocess.Popen(
                [sys.executable, *orders.arguments()],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def kill(self) -> None:
        """End it at once, if it runs."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()
            self._running = None

    async def ends(self) -> None:
        """Tell it to end, and return when it has."""
        running = self._running
        assert running is not None, f"{self.name} isn't running"
        running.terminate()
        await until(lambda: running.poll() is not None, at_most_s=60)
        assert running.returncode == 0, self.last_words()
        self._running = None

    async def killed_itself(self) -> None:
        """Return when it has come to the point where it dies."""
        running = self._running
        assert running is not None, f"{self.name} isn't running"
        await until(lambda: running.poll() is not None, at_most_s=90)
        assert running.returncode == -signal.SIGKILL, self.last_words()
        self._running = None

    def look(self) -> None:
        """Take note of the memory that it uses."""
        if self._running is None:
            return
        try:
            used: int = psutil.Process(self._running.pid).memory_info().rss
        except psutil.NoSuchProcess:
            return
        self.peak_bytes = max(self.peak_bytes, used)

    def last_words(self) -> str:
        """The end of its log."""
        if not self.log.exists():
            return "it was never started"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
