from collections.abc import Mapping, Sequence

import psutil

from stack.layout import Layout
from stack.processes import find, stop, strays
from stack.state import StackState, exclusive, state_file

# Services stop within their own deadline: finish what they hold, commit, flush the relay.
_SERVICES_GRACE_S = 20.0
_SERVERS_GRACE_S = 10.0
_ORPHANS_GRACE_S = 2.0


def bring_down(layout: Layout) -> list[str]:
    """Stops whatever runs and names it; data stays. Nothing running is nothing to do."""
    if not layout.run.exists():
        return []
    with exclusive(layout):
        state = StackState.load(layout)
        running = running_processes(state, layout)
        others = strays(layout, known=[process.pid for process in running.values()])
        stop_in_order(running, state, layout)
        state_file(layout).unlink(missing_ok=True)
        return [*running, *(f"pid {process.pid}" for process in others)]


def running_processes(state: StackState, layout: Layout) -> dict[str, psutil.Process]:
    found = {name: find(record, layout) for name, record in state.processes.items()}
    return {name: process for name, process in found.items() if process is not None}


def stop_in_order(
    named: Mapping[str, psutil.Process],
    state: StackState,
    layout: Layout,
    *,
    spared: Sequence[int] = (),
) -> None:
    """Services first, all at once; then the servers, which they write to while they stop.

    Strays of the stack go too, and children that outlive their parent, but not the spared pids.
    """
    others = strays(layout, known=[*spared, *(process.pid for process in named.values())])
    servers = {name: p for name, p in named.items() if state.processes[name].is_server}
    services = [process for name, process in named.items() if name not in servers]
    stop([*services, *others], grace_s=_SERVICES_GRACE_S)
    signals = {process.pid: state.processes[name].stop_signal for name, process in servers.items()}
    stop(list(servers.values()), grace_s=_SERVERS_GRACE_S, signals=signals)
    stop(strays(layout, known=spared), grace_s=_ORPHANS_GRACE_S)
