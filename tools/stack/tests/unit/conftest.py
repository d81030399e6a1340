import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stack.embedded import Stack
from stack.layout import Layout
from stack.ports import free_ports
from stack.process_spec import ProcessSpec
from stack.topology import Topology
from stack.up import Deadlines

NAMES = ("broker", "gateway", "ledger")
_PROGRAM = Path(__file__).with_name("fake_service.py")


@dataclass
class Scenery:
    """How the small processes of a test behave, by name; whoever isn't named is well-behaved."""

    manners: dict[str, str] = field(default_factory=dict)
    commands: dict[str, tuple[str, ...]] = field(default_factory=dict)
    prepare: dict[str, tuple[str, ...]] = field(default_factory=dict)
    on_servers_ready: Callable[[], None] = lambda: None

    def build(self, _layout: Layout, ports: Mapping[str, int]) -> Topology:
        broker, *services = (self._spec(name, port) for name, port in ports.items())
        return Topology(
            servers=(broker,),
            services=tuple(services),
            on_servers_ready=self.on_servers_ready,
        )

    def _spec(self, name: str, port: int) -> ProcessSpec:
        usual = (sys.executable, str(_PROGRAM), str(port), self.manners.get(name, "ready"))
        return ProcessSpec(
            name=name,
            port=port,
            command=self.commands.get(name, usual),
            prepare=self.prepare.get(name, ()),
            ready_path="" if name == "broker" else "/health/ready",
        )


@pytest.fixture
def scenery() -> Scenery:
    return Scenery()


@pytest.fixture
def stack(tmp_path: Path, scenery: Scenery) -> Iterator[Stack]:
    stack = Stack(
        tmp_path / "var",
        free_ports(NAMES),
        build=scenery.build,
        deadlines=Deadlines(servers_s=10, prepare_s=10, ready_s=10),
    )
    yield stack
    stack.down()


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout.at(tmp_path)
    layout.create()
    return layout
