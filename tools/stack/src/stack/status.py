import re
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from stack.layout import Layout
from stack.processes import find
from stack.readiness import Answer, ask
from stack.state import ProcessRecord, StackState

# Who lives longer than this, or was ready before, isn't starting any more.
_START_S = 60


@dataclass(frozen=True, kw_only=True)
class ProcessStatus:
    """One process with its children. `pss_bytes` counts a page shared by n processes as 1/n.

    `health` is "ok", "starting", "not ready" (it answers, and says so), "not answering" or "down".
    """

    name: str
    port: int
    health: str
    pid: int | None = None
    rss_bytes: int = 0
    pss_bytes: int | None = None
    uptime_s: float = 0


@dataclass(frozen=True, kw_only=True)
class StackStatus:
    """`pss_total_bytes` is absent where the system doesn't tell proportional sizes."""

    processes: tuple[ProcessStatus, ...]
    data_bytes: int

    @property
    def healthy(self) -> bool:
        return bool(self.processes) and all(p.health == "ok" for p in self.processes)

    @property
    def rss_total_bytes(self) -> int:
        return sum(process.rss_bytes for process in self.processes)

    @property
    def pss_total_bytes(self) -> int | None:
        sizes = [process.pss_bytes for process in self.processes if process.pid is not None]
        known = [size for size in sizes if size is not None]
        return sum(known) if len(known) == len(sizes) else None

    def as_json(self) -> dict[str, object]:
        return {
            "processes": [asdict(process) for process in self.processes],
            "rss_total_bytes": self.rss_total_bytes,
            "pss_total_bytes": self.pss_total_bytes,
            "data_bytes": self.data_bytes,
        }


def look(layout: Layout, ports: Mapping[str, int]) -> StackStatus:
    """Looks at the processes that `ports` names; one that never was started is down."""
    state = StackState.load(layout)
    return StackStatus(
        processes=tuple(
            _look_at(name, port, state.processes.get(name), layout) for name, port in ports.items()
        ),
        data_bytes=_size_on_disk(layout.data) + _size_on_disk(layout.servers),
    )


def health_of(record: ProcessRecord, process: psutil.Process) -> str:
    """The health of a process that lives. Raises psutil.NoSuchProcess when it ends meanwhile."""
    # The system goes on accepting connections for a process that was stopped.
    stopped = process.status() == psutil.STATUS_STOPPED
    answer = Answer.NONE if stopped else ask(record.port, record.ready_path)
    if answer is Answer.READY:
        return "ok"
    if not record.was_ready and time.time() - process.create_time() < _START_S:
        return "starting"
    return "not ready" if answer is Answer.NOT_READY else "not answering"


def _look_at(name: str, port: int, record: ProcessRecord | None, layout: Layout) -> ProcessStatus:
    process = find(record, layout) if record else None
    if record is None or process is None:
        return ProcessStatus(name=name, port=port, health="down")
    try:
        family = [process, *process.children(recursive=True)]
        uptime_s = round(time.time() - process.create_time(), 1)
        health = health_of(record, process)
    except psutil.NoSuchProcess:
        return ProcessStatus(name=name, port=port, health="down")
    sizes = [_proportional_size(member.pid) for member in family]
    return ProcessStatus(
        name=name,
        port=port,
        health=health,
        pid=process.pid,
        rss_bytes=sum(_resident_size(member) for member in family),
        pss_bytes=None if sizes[0] is None else sum(size or 0 for size in sizes),
        uptime_s=uptime_s,
    )


def _resident_size(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _proportional_size(pid: int) -> int | None:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return None
    found = re.search(r"^Pss:\s+(\d+) kB$", rollup, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def _size_on_disk(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_blocks * 512
        except FileNotFoundError:
            continue
    return total
