from collections.abc import Mapping
from pathlib import Path

from stack.down import bring_down
from stack.errors import StackError
from stack.layout import DEFAULT_DATA_DIR, Layout
from stack.ports import HOST, default_ports
from stack.processes import find, kill
from stack.report import Report
from stack.secrets import Secrets, read_or_make_secrets
from stack.state import StackState
from stack.status import StackStatus, look
from stack.topology import TopologyBuilder, embedded_topology
from stack.up import Deadlines, bring_up


class Stack:
    """The broker and the services of one data directory, for the command line and for tests.

    `ports` names a port per process; without it a stack that runs keeps the ports it has, and a
    new one gets the default ones. Every method may raise StackError.
    """

    def __init__(
        self,
        data_dir: Path = DEFAULT_DATA_DIR,
        ports: Mapping[str, int] | None = None,
        *,
        build: TopologyBuilder = embedded_topology,
        report: Report | None = None,
        deadlines: Deadlines | None = None,
    ) -> None:
        self.layout = Layout.at(data_dir)
        self._ports = ports
        self._build = build
        self._report = report or Report.silent()
        self._deadlines = deadlines or Deadlines()

    def up(self) -> list[str]:
        """Starts what is missing, waits until all is ready, and names what it started."""
        return bring_up(self.layout, self._ports, self._build, self._report, self._deadlines)

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
    def ports(self) -> Mapping[str, int]:
        return StackState.load(self.layout).ports or self._ports or default_ports()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.ports['gateway']}"

    @property
    def secrets(self) -> Secrets:
        return read_or_make_secrets(self.layout)
