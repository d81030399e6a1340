import subprocess
import time
from collections.abc import Sequence

from stack.errors import StackError
from stack.layout import Layout
from stack.process_spec import ProcessSpec
from stack.processes import poll_until, spawn
from stack.readiness import log_end

_AT_ONCE = 2


def prepare(specs: Sequence[ProcessSpec], layout: Layout, *, timeout_s: float) -> None:
    """Runs each preparation to its end, two at a time, since each keeps a processor busy.

    Raises StackError with the end of its log when one fails or takes too long.
    """
    waiting = [spec for spec in specs if spec.prepare]
    running: dict[str, subprocess.Popen[bytes]] = {}

    def all_done() -> bool:
        for name, process in list(running.items()):
            if process.poll() is not None:
                _require_success(name, process.returncode, layout)
                del running[name]
        while waiting and len(running) < _AT_ONCE:
            spec = waiting.pop(0)
            running[spec.name] = spawn(spec.prepare, spec.environment, layout, spec.name)
        return not running

    began = time.monotonic()
    if not poll_until(all_done, timeout_s=timeout_s):
        took_s = time.monotonic() - began
        raise StackError(f"Migrating took more than {took_s:.0f} s: {', '.join(running)}.")


def _require_success(name: str, exit_status: int, layout: Layout) -> None:
    if exit_status != 0:
        raise StackError(
            f"Migrating {name} failed with status {exit_status}.{log_end(layout, name)}"
        )
