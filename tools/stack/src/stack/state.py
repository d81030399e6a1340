import fcntl
import json
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self, TextIO

from stack.errors import StackError
from stack.files import write_atomically
from stack.layout import Layout
from stack.profiles import EMBEDDED


@dataclass(frozen=True, kw_only=True)
class ProcessRecord:
    """A process as it was started. Its start time tells it from a later one with the same pid."""

    name: str
    pid: int
    created_at: float
    port: int
    ready_path: str
    was_ready: bool = False
    is_server: bool = False
    stop_signal: int = signal.SIGTERM


@dataclass(kw_only=True)
class StackState:
    """What `up` has started, as far as it is known: it is a note, and processes are the truth."""

    profile: str = EMBEDDED
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, ProcessRecord] = field(default_factory=dict)

    @classmethod
    def load(cls, layout: Layout) -> Self:
        """An absent or garbled file is an empty state: strays are found by their mark.

        Raises StackError when the system doesn't let it be read.
        """
        try:
            saved = json.loads(state_file(layout).read_text(encoding="utf-8"))
            records = [ProcessRecord(**record) for record in saved["processes"]]
            profile = str(saved.get("profile", EMBEDDED))
            ports = {str(name): int(port) for name, port in saved["ports"].items()}
        except (FileNotFoundError, NotADirectoryError):
            return cls()
        except OSError as error:
            raise _unusable(layout, error) from error
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls()
        return cls(
            profile=profile, ports=ports, processes={record.name: record for record in records}
        )

    def save(self, layout: Layout) -> None:
        saved: Mapping[str, object] = {
            "profile": self.profile,
            "ports": self.ports,
            "processes": [asdict(record) for record in self.processes.values()],
        }
        write_atomically(state_file(layout), json.dumps(saved, indent=2))


def state_file(layout: Layout) -> Path:
    return layout.run / "stack.json"


@contextmanager
def exclusive(layout: Layout) -> Iterator[None]:
    """One `up` or `down` at a time per data directory; the system drops the lock with the process.

    Raises StackError, naming the holder, when another one is at work, and when the directory
    can't be used.
    """
    with _lock_file(layout) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise StackError(
                f"Another up or down (pid {lock.read().strip()}) is at work on {layout.root}."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _lock_file(layout: Layout) -> TextIO:
    try:
        layout.create()
        return (layout.run / "stack.lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise _unusable(layout, error) from error


def _unusable(layout: Layout, error: OSError) -> StackError:
    return StackError(
        f"The data directory {layout.root} can't be used ({error.strerror}: {error.filename}). "
        "Name another one with --data-dir."
    )
