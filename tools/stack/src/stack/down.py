from collections.abc import Mapping, Sequence

import psutil

from stack.layout import Layout
from stack.processes import find, stop, strays
from stack.state import StackState, exclusive, state_file

# Services stop within their own deadline: finish what they hold, commit, flush the relay.
_SERVICES_GRACE_S = 20.0
_BROKER_GRACE_S = 5.0
_ORPHANS_GRACE_S = 2.0


def bring_down(layout: Layout) -> list[str]:
    """Stops whatever runs and names it; data stays. Nothing running is nothing to do."""
    if not layout.run.exists():
        return []
    with exclusive(layout):
        running = running_processes(StackState.load(layout), layout)
        others = strays(layout, known=[process.pid for process in running.values()])
        stop_in_order(running, layout)
        state_file(layout).unlink(missing_ok=True)
        return [*running, *(f"pid {process.pid}" for process in others)]


def running_processes(state: StackState, layout: Layout) -> dict[str, psutil.Process]:
    found = {name: find(record, layout) for name, record in state.processes.items()}
    return {name: process for name, process in found.items() if process is not None}


def stop_in_order(
    named: Mapping[str, psutil.Process], layout: Layout, *, spared: Sequence[int] = ()
) -> None:
    """Services first, all at once; the broker last, because they flush to it while they stop.

    Strays of the stack go too, and children that outlive their parent, but not the spared pids.
    """
    others = strays(layout, known=[*spared, *(process.pid for process in named.values())])
    services = [process for name, process in named.items() if name != "broker"]
    stop([*services, *others], grace_s=_SERVICES_GRACE_S)
    stop([process for name, process in named.items() if name == "broker"], grace_s=_BROKER_GRACE_S)
    stop(strays(layout, known=spared), grace_s=_ORPHANS_GRACE_S)
