"""Detached processes: started in a session of their own, found again, stopped."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

import psutil

from servers.processes import as_user
from stack.layout import Layout
from stack.state import ProcessRecord

MARK = "FRONTDESK_STACK_DIR"

_CLOCK_STEP_S = 2.0
_POLL_S = 0.05

# Kept so that a child that ends while this program lives is reaped, and never a zombie.
_children: list[subprocess.Popen[bytes]] = []


def spawn(
    command: Sequence[str],
    environment: Mapping[str, str],
    layout: Layout,
    log_name: str,
    *,
    user_id: int | None = None,
) -> subprocess.Popen[bytes]:
    """Starts `command` detached; both its streams are appended to the log.

    The mark in its environment, which its own children inherit, is how `strays` finds it.
    """
    with layout.log_of(log_name).open("ab") as log:
        child = subprocess.Popen(
            command,
            env={**os.environ, **environment, MARK: str(layout.root)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # What a store holds is for the owner's eyes, wherever the data directory lies.
            umask=0o077,
            **as_user(user_id),
        )
    _children.append(child)
    return child


def rotate_log(layout: Layout, log_name: str) -> None:
    """One earlier run is kept, so logs don't grow from start to start."""
    log = layout.log_of(log_name)
    if log.exists():
        log.replace(log.with_name(f"{log.name}.1"))


def find(record: ProcessRecord, layout: Layout) -> psutil.Process | None:
    """The recorded process if it lives; never another one that was given its pid later.

    Its start time tells, within what a step of the system's clock may change, and its mark.
    """
    try:
        process = psutil.Process(record.pid)
        late_s = abs(process.create_time() - record.created_at)
    except psutil.NoSuchProcess:
        return None
    same = late_s < _CLOCK_STEP_S and _bears_mark(process, layout)
    return process if same and not is_gone(process) else None


def is_gone(process: psutil.Process) -> bool:
    """A zombie is gone: it does nothing any more, whoever should have reaped it."""
    _reap()
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def strays(layout: Layout, *, known: Iterable[int] = ()) -> list[psutil.Process]:
    """Every living process of this stack except the `known` pids and what descends from them."""
    everything = psutil.process_iter()
    marked = [p for p in everything if _bears_mark(p, layout) and not is_gone(p)]
    return [process for process in marked if not _descends(process, set(known))]


def stop(
    processes: Sequence[psutil.Process],
    *,
    grace_s: float,
    signals: Mapping[int, int] | None = None,
) -> None:
    """Asks all at once to end, waits, and kills what is left with its children.

    `signals` has, by pid, what isn't SIGTERM.
    """
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal((signals or {}).get(process.pid, signal.SIGTERM))
    for process in wait_until_gone(processes, timeout_s=grace_s):
        kill(process)


def kill(process: psutil.Process) -> None:
    """Ends it at once, and its children, some of which lead groups of their own."""
    family = [process]
    with suppress(psutil.NoSuchProcess, ProcessLookupError):
        family += process.children(recursive=True)
        if os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, signal.SIGKILL)
    for member in family:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    wait_until_gone(family, timeout_s=5)


def wait_until_gone(
    processes: Iterable[psutil.Process], *, timeout_s: float
) -> list[psutil.Process]:
    """What is still alive when the time is up."""
    left = list(processes)

    def all_gone() -> bool:
        left[:] = [process for process in left if not is_gone(process)]
        return not left

    poll_until(all_gone, timeout_s=timeout_s)
    return left


def poll_until(condition: Callable[[], bool], *, timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def _reap() -> None:
    _children[:] = [child for child in _children if child.poll() is None]


def _bears_mark(process: psutil.Process, layout: Layout) -> bool:
    try:
        return process.environ().get(MARK) == str(layout.root)
    except (psutil.Error, OSError):
        return False


def _descends(process: psutil.Process, ancestors: set[int]) -> bool:
    try:
        family = {process.pid, *(parent.pid for parent in process.parents())}
    except psutil.NoSuchProcess:
        return True
    return not family.isdisjoint(ancestors)
