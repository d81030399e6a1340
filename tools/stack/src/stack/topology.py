"""Which processes make up the stack."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from servers.embedded_broker import EmbeddedBroker
from stack.layout import DEFAULT_DATA_DIR, Layout
from stack.process_spec import ProcessSpec, server_spec
from stack.profiles import SERVICES
from stack.secrets import read_or_make_secrets
from stack.service_specs import Deployment
from stack.topics import create_topics

MODEL_DIR = DEFAULT_DATA_DIR / "models" / "minilm"


@dataclass(frozen=True, kw_only=True)
class Topology:
    """The servers, what has to be done as soon as they work, and the services that need them."""

    servers: tuple[ProcessSpec, ...]
    services: tuple[ProcessSpec, ...]
    on_servers_ready: Callable[[], None]

    @property
    def processes(self) -> tuple[ProcessSpec, ...]:
        return (*self.servers, *self.services)


TopologyBuilder = Callable[[Layout, Mapping[str, int]], Topology]


def embedded_topology(
    layout: Layout, ports: Mapping[str, int], *, model_dir: Path = MODEL_DIR
) -> Topology:
    """Raises StackError when a part that `make setup` installs or builds isn't there."""
    broker = EmbeddedBroker(folder=layout.data_of("broker"), port=ports["broker"])
    deployment = Deployment(
        data=layout.data,
        ports=ports,
        secrets=read_or_make_secrets(layout),
        model_dir=model_dir,
        database_urls={name: _sqlite_url(layout.data_of(name), name) for name in SERVICES},
    )
    return Topology(
        servers=(server_spec("broker", broker, broker.port),),
        services=deployment.services(),
        on_servers_ready=partial(create_topics, broker.bootstrap_servers, in_memory=True),
    )


def _sqlite_url(folder: Path, name: str) -> str:
    return f"sqlite+aiosqlite:///{folder / f'{name}.db'}"
