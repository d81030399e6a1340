import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from servers.processes import ServerUnavailable, accepts_connections
from stack import down
from stack.embedded import Stack
from stack.errors import ServerMissing, StackError
from stack.layout import Layout
from stack.ports import free_ports
from stack.process_spec import server_spec
from stack.processes import stop, strays
from stack.profiles import EMBEDDED, ON_SERVERS
from stack.state import StackState
from stack.topology import Topology

PROGRAM = Path(__file__).with_name("fake_service.py")


@dataclass
class FakeServer:
    """A server that ends at SIGINT, and at no other request."""

    folder: Path
    port: int
    lacks: str = ""
    title: str = "Fake DB"
    user_id: int | None = None
    stop_signal: signal.Signals = signal.SIGINT
    start_s: float = 10
    told: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        self.told.append("prepare")
        if self.lacks:
            raise ServerUnavailable(self.lacks)

    def command(self) -> tuple[str, ...]:
        return (sys.executable, str(PROGRAM), str(self.port), "stubborn")

    def is_ready(self) -> bool:
        if not accepts_connections(self.port):
            return False
        self.told.append("ready")
        return True


@pytest.fixture
def db(stack: Stack) -> FakeServer:
    return FakeServer(folder=stack.layout.servers / "db", port=free_ports(["db"])["db"])


@pytest.fixture
def on_db(stack: Stack, scenery: Any, db: FakeServer) -> Stack:
    """The stack with one more server."""

    def build(layout: Layout, ports: Mapping[str, int]) -> Topology:
        plain = scenery.build(layout, {name: ports[name] for name in stack.ports})
        return Topology(
            servers=(*plain.servers, server_spec("db", db, db.port)),
            services=plain.services,
            on_servers_ready=partial(db.told.append, "complete"),
        )

    ports = dict(stack.ports) | {"db": db.port}
    return Stack(stack.layout.root, ports, profile=ON_SERVERS, build=build)


def test_a_server_is_prepared_and_ready_before_it_is_completed(
    on_db: Stack, db: FakeServer
) -> None:
    assert on_db.up() == ["broker", "db", "gateway", "ledger"]
    assert db.told == ["prepare", "ready", "complete"]
    assert on_db.status().healthy


def test_a_server_that_cannot_be_had_is_named_and_nothing_is_started(
    on_db: Stack, db: FakeServer
) -> None:
    db.lacks = "it needs a licence"

    with pytest.raises(ServerMissing, match=r"^Nothing was started, because Fake DB .* a licence"):
        on_db.up()

    assert strays(on_db.layout) == []


def test_servers_end_after_the_services_each_by_its_own_signal(
    on_db: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_db.up()
    records = StackState.load(on_db.layout).processes
    pid_of = {name: record.pid for name, record in records.items()}
    batches: list[dict[int, int]] = []

    def recorded(processes: list[psutil.Process], **options: Any) -> None:
        signals = options.get("signals", {})
        batches.append({p.pid: signals.get(p.pid, signal.SIGTERM) for p in processes})
        stop(processes, **options)

    monkeypatch.setattr(down, "stop", recorded)
    on_db.down()

    assert batches == [
        {pid_of["gateway"]: signal.SIGTERM, pid_of["ledger"]: signal.SIGTERM},
        {pid_of["broker"]: signal.SIGTERM, pid_of["db"]: signal.SIGINT},
        {},
    ]


def test_a_stack_that_runs_keeps_its_profile(stack: Stack, scenery: Any) -> None:
    root = stack.layout.root
    Stack(root, stack.ports, profile=ON_SERVERS, build=scenery.build).up()
    again = Stack(root, build=scenery.build)
    again.kill("ledger")

    with pytest.raises(StackError, match="up with the profile servers, not embedded"):
        Stack(root, profile=EMBEDDED, build=scenery.build).up()

    assert again.up() == ["ledger"]
    assert again.profile == ON_SERVERS
    again.down()
    assert again.profile == EMBEDDED
