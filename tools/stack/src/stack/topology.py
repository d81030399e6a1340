"""Which processes make up the embedded stack, and the environment of each."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import noida_db  # type: ignore[import-untyped]

from stack.errors import StackError
from stack.layout import DEFAULT_DATA_DIR, Layout, make_private
from stack.ports import HOST, SERVICES
from stack.secrets import Secrets, read_or_make_secrets
from stack.topics import create_topics

MODEL_DIR = DEFAULT_DATA_DIR / "models" / "minilm"


@dataclass(frozen=True, kw_only=True)
class ProcessSpec:
    """One process: how it is prepared and started, and how one sees that it is ready.

    Without a `ready_path` it is ready when its port accepts connections.
    """

    name: str
    port: int
    command: tuple[str, ...]
    prepare: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    ready_path: str = ""


@dataclass(frozen=True, kw_only=True)
class Topology:
    """The broker, what has to be done as soon as it answers, and the services that need it."""

    broker: ProcessSpec
    services: tuple[ProcessSpec, ...]
    on_broker_ready: Callable[[], None]

    @property
    def processes(self) -> tuple[ProcessSpec, ...]:
        return (self.broker, *self.services)


TopologyBuilder = Callable[[Layout, Mapping[str, int]], Topology]


def embedded_topology(
    layout: Layout, ports: Mapping[str, int], *, model_dir: Path = MODEL_DIR
) -> Topology:
    """Raises StackError when a part that `make setup` installs or builds isn't there."""
    _require_model(model_dir)
    secrets = read_or_make_secrets(layout)
    return Topology(
        broker=_broker(layout, ports["broker"]),
        services=tuple(_service(name, layout, ports, secrets, model_dir) for name in SERVICES),
        on_broker_ready=partial(create_topics, f"{HOST}:{ports['broker']}"),
    )


def _broker(layout: Layout, port: int) -> ProcessSpec:
    # The console script of the wheel only wraps this binary; without it there is one process less.
    binary = Path(noida_db.__file__).with_name("noida-db")
    if not binary.exists():
        raise StackError(f"The broker isn't installed ({binary} is missing). Run: make setup")
    if not os.access(binary, os.X_OK):
        binary.chmod(0o755)
    arguments = ("start", "--only", "kafka", "--host", HOST, "--kafka-port", str(port))
    data_dir = layout.data_of("broker")
    make_private(data_dir)
    return ProcessSpec(
        name="broker",
        port=port,
        command=(str(binary), *arguments, "--data-dir", str(data_dir)),
    )


def _service(
    name: str, layout: Layout, ports: Mapping[str, int], secrets: Secrets, model_dir: Path
) -> ProcessSpec:
    data_dir = layout.data_of(name)
    make_private(data_dir)
    module = (sys.executable, "-m", f"{name}.main")
    prefix = name.upper()
    own = {
        f"{prefix}_HTTP_HOST": HOST,
        f"{prefix}_HTTP_PORT": str(ports[name]),
        f"{prefix}_DATABASE_URL": f"sqlite+aiosqlite:///{data_dir / f'{name}.db'}",
    }
    return ProcessSpec(
        name=name,
        port=ports[name],
        command=(*module, "serve"),
        prepare=(*module, "migrate"),
        environment=own
        | _settings_of(name, data_dir, secrets, model_dir)
        | _shared_settings(ports, secrets),
        ready_path="/health/ready",
    )


def _settings_of(name: str, data_dir: Path, secrets: Secrets, model_dir: Path) -> dict[str, str]:
    """What one service alone is told."""
    of_services = {
        "auth": {
            "AUTH_ADMIN_EMAIL": secrets.admin_email,
            "AUTH_ADMIN_PASSWORD": secrets.admin_password,
            "AUTH_KEY_FILE": str(data_dir / "signing-key.json"),
        },
        "ingest": {
            "INGEST_DATA_DIR": str(data_dir),
            "INGEST_MODEL_DIR": str(model_dir),
            # The buffers of a batch are given back to the system instead of kept.
            "MALLOC_MMAP_THRESHOLD_": "262144",
        },
    }
    return of_services.get(name, {})


def _shared_settings(ports: Mapping[str, int], secrets: Secrets) -> dict[str, str]:
    others = {f"{name.upper()}_URL": f"http://{HOST}:{ports[name]}" for name in SERVICES}
    direct = ",".join(filter(None, (os.environ.get("NO_PROXY"), HOST, "localhost")))
    return others | {
        "KAFKA_BOOTSTRAP_SERVERS": f"{HOST}:{ports['broker']}",
        "INTERNAL_KEY": secrets.internal_key,
        # Seven processes share a small machine: few arenas and threads, memory given back early.
        "MALLOC_ARENA_MAX": "2",
        "MALLOC_TRIM_THRESHOLD_": "131072",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        # A member with a lasting name takes its partitions back at once when it was killed.
        "INSTANCE": "embedded",
        # Compiled modules are kept, whatever the shell says: starting takes half as long.
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONUNBUFFERED": "1",
        # Services call each other on the loopback, which a proxy outside can't reach.
        "NO_PROXY": direct,
        "no_proxy": direct,
    }


def _require_model(model_dir: Path) -> None:
    missing = [
        name for name in ("model.onnx", "tokenizer.json") if not (model_dir / name).is_file()
    ]
    if missing:
        raise StackError(
            f"The embedding model isn't built ({' and '.join(missing)} not in {model_dir}). "
            "Run: make setup"
        )
