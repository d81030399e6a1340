import http.client
import time
from collections.abc import Callable, Sequence
from enum import Enum, auto

import psutil

from servers.processes import accepts_connections
from stack.errors import StackError
from stack.layout import Layout
from stack.logs import tail
from stack.ports import HOST
from stack.process_spec import ProcessSpec
from stack.processes import is_gone, poll_until


class Answer(Enum):
    """What a process says when it is asked whether it is ready."""

    READY = auto()
    NOT_READY = auto()
    NONE = auto()


def ask(port: int, ready_path: str) -> Answer:
    """Without a path, a port that accepts connections is enough."""
    if not ready_path:
        return Answer.READY if accepts_connections(port) else Answer.NONE
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", ready_path)
        ready = connection.getresponse().status == http.HTTPStatus.OK
        return Answer.READY if ready else Answer.NOT_READY
    except (OSError, http.client.HTTPException):
        return Answer.NONE
    finally:
        connection.close()


def wait_until_ready(
    specs: Sequence[ProcessSpec],
    running: dict[str, psutil.Process],
    layout: Layout,
    *,
    timeout_s: float,
    on_ready: Callable[[str, float], None],
) -> None:
    """Raises StackError with the end of the log when one ends early or isn't ready in time."""
    waiting = {spec.name: spec for spec in specs}
    began = time.monotonic()

    def all_ready() -> bool:
        for spec in list(waiting.values()):
            if is_gone(running[spec.name]):
                raise StackError(f"{spec.name} ended at its start.{log_end(layout, spec.name)}")
            if _is_ready(spec):
                del waiting[spec.name]
                on_ready(spec.name, time.monotonic() - began)
        return not waiting

    if not poll_until(all_ready, timeout_s=timeout_s):
        late = ", ".join(waiting)
        ends = "".join(log_end(layout, name) for name in waiting)
        raise StackError(f"Not ready after {timeout_s:.0f} s: {late}.{ends}")


def _is_ready(spec: ProcessSpec) -> bool:
    if spec.server:
        return spec.server.is_ready()
    return ask(spec.port, spec.ready_path) is Answer.READY


def log_end(layout: Layout, name: str) -> str:
    lines = tail(layout.log_of(name), lines=15)
    if not lines:
        return f" Its log, {layout.log_of(name)}, is empty."
    return f"\nThe end of {layout.log_of(name)}:\n" + "\n".join(f"    {line}" for line in lines)
