from collections.abc import Mapping
from pathlib import Path

from stack.down import bring_down
from stack.errors import StackError
from stack.layout import DEFAULT_DATA_DIR, Layout
from stack.ports import HOST, default_ports
from stack.processes import find, kill
from stack.profiles import EMBEDDED, ON_SERVERS
from stack.report import Report
from stack.secrets import Secrets, read_or_make_secrets
from stack.server_topology import servers_topology
from stack.state import StackState
from stack.status import StackStatus, look
from stack.topology import TopologyBuilder, embedded_topology
from stack.up import Deadlines, bring_up


class Stack:
    """The servers and the services of one data directory, for the command line and for tests.

    Without a `profile` a stack that runs keeps the one it has, and a new one is embedded.
    `ports` names a port per process; without it a stack that runs keeps the ports it has, and a
    new one gets the default ones. Every method may raise StackError.
    """

    def __init__(
        self,
        data_dir: Path = DEFAULT_DATA_DIR,
        ports: Mapping[str, int] | None = None,
        *,
        profile: str | None = None,
        build: TopologyBuilder | None = None,
        report: Report | None = None,
        deadlines: Deadlines | None = None,
    ) -> None:
        self.layout = Layout.at(data_dir)
        self._ports = ports
        self._asked_profile = profile
        self._build = build
        self._report = report or Report.silent()
        self._deadlines = deadlines or Deadlines()

    def up(self) -> list[str]:
        """Starts what is missing, waits until all is ready, and names what it started."""
        return bring_up(
            self.layout,
            self._builder_of,
            self._report,
            self._deadlines,
            profile=self._asked_profile,
            ports=self._ports,
        )

    def down(self) -> list[str]:
        """Stops everything, keeps the data, and names what it stopped."""
        return bring_down(self.layout)

    def kill(self, name: str) -> None:
        """Ends one process at once, as a power cut would; `up` brings it back."""
        record = StackState.load(self.layout).processes.get(name)
        process = find(record, self.layout) if record else None
        if process is None:
            raise StackError(f"{name} isn't running.")
        kill(process)

    def status(self) -> StackStatus:
        return look(self.layout, self.ports)

    @property
    def profile(self) -> str:
        """The one it runs with, or else the one it was asked to start with."""
        state = StackState.load(self.layout)
        return state.profile if state.processes else self._asked_profile or state.profile

    @property
    def ports(self) -> Mapping[str, int]:
        return StackState.load(self.layout).ports or self._ports or default_ports(self.profile)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.ports['gateway']}"

    @property
    def secrets(self) -> Secrets:
        return read_or_make_secrets(self.layout)

    def _builder_of(self, profile: str) -> TopologyBuilder:
        builders = {EMBEDDED: embedded_topology, ON_SERVERS: servers_topology}
        return self._build or builders[profile]
