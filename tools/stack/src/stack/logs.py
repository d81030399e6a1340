import re
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from stack.errors import StackError
from stack.layout import Layout

NO_LOGS = "There are no logs yet."

_POLL_S = 0.3
# The loader's word about symbols that the broker can do without, on systems older than its build.
_HARMLESS = re.compile(r": weak version `GLIBC_[\d.]+' not found \(required by ")


def tail(log: Path, *, lines: int) -> list[str]:
    try:
        with log.open(encoding="utf-8", errors="replace") as file:
            return list(deque(_worth_reading(file), maxlen=lines))
    except FileNotFoundError:
        return []


def choose(layout: Layout, name: str | None) -> list[Path]:
    """The logs there are, or the one asked for. Raises StackError if it isn't there."""
    found = sorted(layout.logs.glob("*.log"))
    if name is None:
        return found
    if layout.log_of(name) in found:
        return [layout.log_of(name)]
    if not found:
        raise StackError(NO_LOGS)
    known = ", ".join(log.stem for log in found)
    raise StackError(f"There is no log of {name!r}. Logs: {known}.")


def last_lines(logs: Sequence[Path], *, lines: int) -> Iterator[str]:
    for log in logs:
        yield from (f"{log.stem:8} | {line}" for line in tail(log, lines=lines))


def follow(logs: Sequence[Path]) -> Iterator[str]:
    """Lines written from now on, for ever; a log that a new start replaced is opened again."""
    return _news([_Followed(log) for log in logs])


def _news(followed: Sequence["_Followed"]) -> Iterator[str]:
    while True:
        lines = [line for log in followed for line in log.new_lines()]
        yield from lines
        if not lines:
            time.sleep(_POLL_S)


class _Followed:
    def __init__(self, log: Path) -> None:
        self._log = log
        self._seen = log.stat() if log.exists() else None
        self._offset = self._seen.st_size if self._seen else 0

    def new_lines(self) -> list[str]:
        try:
            now = self._log.stat()
        except FileNotFoundError:
            return []
        if self._seen is None or now.st_ino != self._seen.st_ino or now.st_size < self._offset:
            self._offset = 0
        self._seen = now
        return self._read_on()

    def _read_on(self) -> list[str]:
        with self._log.open("rb") as file:
            file.seek(self._offset)
            text = file.read()
        whole, newline, _ = text.rpartition(b"\n")
        self._offset += len(whole) + len(newline)
        lines = whole.decode("utf-8", "replace").splitlines() if newline else []
        return [f"{self._log.stem:8} | {line}" for line in _worth_reading(lines)]


def _worth_reading(lines: Iterable[str]) -> Iterator[str]:
    return (line.rstrip("\n") for line in lines if not _HARMLESS.search(line))
