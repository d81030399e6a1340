from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from signal import SIGTERM

import psutil

from stack.down import running_processes, stop_in_order
from stack.errors import StackError
from stack.interrupts import interrupts_ignored
from stack.layout import Layout
from stack.ports import HOST, default_ports, require_free
from stack.preparing import prepare
from stack.process_spec import ProcessSpec, prepare_server
from stack.processes import kill, rotate_log, spawn, strays
from stack.readiness import wait_until_ready
from stack.report import Report
from stack.state import ProcessRecord, StackState, exclusive, state_file
from stack.status import health_of
from stack.topology import Topology, TopologyBuilder


@dataclass(frozen=True, kw_only=True)
class Deadlines:
    """How long a start may take before it counts as failed."""

    servers_s: float = 45
    prepare_s: float = 120
    ready_s: float = 120


def bring_up(
    layout: Layout,
    build: Callable[[str], TopologyBuilder],
    report: Report,
    deadlines: Deadlines,
    *,
    profile: str | None,
    ports: Mapping[str, int] | None,
) -> list[str]:
    """Starts what isn't running, waits until all is ready, and names what was started.

    When it fails or is interrupted, what this call started is stopped again. Raises StackError.
    """
    with exclusive(layout):
        state = StackState.load(layout)
        running = running_processes(state, layout)
        state.profile = _choose_profile(state, running, profile)
        state.ports = _choose_ports(state, running, ports)
        topology = build(state.profile)(layout, state.ports)
        missing = [spec for spec in topology.processes if spec.name not in running]
        if not missing:
            raise StackError(_up_already(state, running))
        for stray in strays(layout, known=[process.pid for process in running.values()]):
            kill(stray)
        require_free({name: port for spec in missing for name, port in spec.listens_on.items()})
        start = _Start(layout, state, report, deadlines, running)
        with start.undone_on_failure():
            start.run(topology, missing)
        return start.started


def _choose_profile(
    state: StackState, running: Mapping[str, psutil.Process], asked: str | None
) -> str:
    """What still runs keeps its profile."""
    if not running or asked is None or asked == state.profile:
        return asked or state.profile
    raise StackError(
        f"It is up with the profile {state.profile}, not {asked}. Stop it first; "
        "each profile keeps data of its own."
    )


def _choose_ports(
    state: StackState, running: Mapping[str, psutil.Process], asked: Mapping[str, int] | None
) -> dict[str, int]:
    """What still runs keeps its ports, so the missing ones come back to theirs."""
    if not running or not state.ports:
        return dict(asked or default_ports(state.profile))
    whole = state.ports.keys() <= running.keys()
    if asked is not None and dict(asked) != state.ports and not whole:
        raise StackError(
            f"It is partly up ({', '.join(running)}) on other ports than these. "
            "Stop it first, or start the rest without naming ports."
        )
    return state.ports


def _up_already(state: StackState, running: Mapping[str, psutil.Process]) -> str:
    ailing = []
    for name, process in running.items():
        with suppress(psutil.NoSuchProcess):
            health = health_of(state.processes[name], process)
            if health != "ok":
                ailing.append(f"{name} is {health}")
    where = f"It is up already at http://{HOST}:{state.ports['gateway']}"
    if ailing:
        return (
            f"{where}, but {', '.join(ailing)}. Look at the logs, or stop it all and start again."
        )
    return f"{where}: {', '.join(running)} are running."


@dataclass
class _Start:
    """One run of `up`: it knows what it has started, and can take it back."""

    layout: Layout
    state: StackState
    report: Report
    deadlines: Deadlines
    running: dict[str, psutil.Process]
    started: list[str] = field(default_factory=list)

    def run(self, topology: Topology, missing: Sequence[ProcessSpec]) -> None:
        for spec in missing:
            rotate_log(self.layout, spec.name)
        servers = [spec for spec in topology.servers if spec in missing]
        with self.report.working("Preparing the servers"):
            for spec in servers:
                if spec.server:
                    prepare_server(spec.server)
        for spec in servers:
            self._launch(spec)
        self._wait(topology.servers, self.deadlines.servers_s)
        with self.report.working("Creating topics and databases"):
            topology.on_servers_ready()
        services = [spec for spec in topology.services if spec in missing]
        with self.report.working("Migrating the stores"):
            prepare(services, self.layout, timeout_s=self.deadlines.prepare_s)
        for spec in services:
            self._launch(spec)
        self._wait(topology.services, self.deadlines.ready_s, counted="services")
        for name in self.started:
            self.state.processes[name] = replace(self.state.processes[name], was_ready=True)
        self.state.save(self.layout)

    @contextmanager
    def undone_on_failure(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            with interrupts_ignored():
                self._undo()
            raise

    def _launch(self, spec: ProcessSpec) -> None:
        server = spec.server
        user_id = server.user_id if server else None
        child = spawn(spec.command, spec.environment, self.layout, spec.name, user_id=user_id)
        process = psutil.Process(child.pid)
        self.running[spec.name] = process
        self.started.append(spec.name)
        self.state.processes[spec.name] = ProcessRecord(
            name=spec.name,
            pid=process.pid,
            created_at=process.create_time(),
            port=spec.port,
            ready_path=spec.ready_path,
            is_server=not spec.ready_path,
            stop_signal=server.stop_signal if server else SIGTERM,
        )
        self.state.save(self.layout)

    def _wait(self, specs: Sequence[ProcessSpec], timeout_s: float, counted: str = "") -> None:
        ready = 0

        def tell(name: str, seconds: float) -> None:
            nonlocal ready
            ready += 1
            if name in self.started:
                port = self.state.processes[name].port
                count = f" ({counted} ready: {ready} of {len(specs)})" if counted else ""
                self.report.say(f"  {name:8} ready on port {port} after {seconds:.1f} s{count}")

        names = ", ".join(spec.name for spec in specs)
        with self.report.working(f"Waiting until ready: {names}"):
            wait_until_ready(specs, self.running, self.layout, timeout_s=timeout_s, on_ready=tell)

    def _undo(self) -> None:
        mine = {name: self.running[name] for name in self.started}
        others = [process.pid for name, process in self.running.items() if name not in mine]
        stop_in_order(mine, self.state, self.layout, spared=others)
        for name in mine:
            self.state.processes.pop(name, None)
        if others:
            self.state.save(self.layout)
        else:
            state_file(self.layout).unlink(missing_ok=True)
