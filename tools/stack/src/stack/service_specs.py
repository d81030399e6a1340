"""The six services as processes, and what each is told."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError
from stack.ports import HOST
from stack.process_spec import ProcessSpec, folder_of
from stack.profiles import SERVICES
from stack.secrets import Secrets


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What the services of a stack have in common. `database_urls` has one for each of them."""

    data: Path
    ports: Mapping[str, int]
    secrets: Secrets
    model_dir: Path
    database_urls: Mapping[str, str]

    def services(self) -> tuple[ProcessSpec, ...]:
        """Raises StackError when the embedding model isn't built."""
        _require_model(self.model_dir)
        return tuple(self._service(name) for name in SERVICES)

    def _service(self, name: str) -> ProcessSpec:
        module = (sys.executable, "-m", f"{name}.main")
        prefix = name.upper()
        own = {
            f"{prefix}_HTTP_HOST": HOST,
            f"{prefix}_HTTP_PORT": str(self.ports[name]),
            f"{prefix}_DATABASE_URL": self.database_urls[name],
        }
        return ProcessSpec(
            name=name,
            port=self.ports[name],
            command=(*module, "serve"),
            prepare=(*module, "migrate"),
            environment=own | self._settings_of(name) | self._shared_settings(),
            ready_path="/health/ready",
        )

    def _settings_of(self, name: str) -> dict[str, str]:
        """What one service alone is told."""
        folder = folder_of(name, self.data)
        of_services = {
            "auth": {
                "AUTH_ADMIN_EMAIL": self.secrets.admin_email,
                "AUTH_ADMIN_PASSWORD": self.secrets.admin_password,
                "AUTH_KEY_FILE": str(folder / "signing-key.json"),
            },
            "ingest": {
                "INGEST_DATA_DIR": str(folder),
                "INGEST_MODEL_DIR": str(self.model_dir),
                # The buffers of a batch are given back to the system instead of kept.
                "MALLOC_MMAP_THRESHOLD_": "262144",
            },
        }
        return of_services.get(name, {})

    def _shared_settings(self) -> dict[str, str]:
        others = {f"{name.upper()}_URL": f"http://{HOST}:{self.ports[name]}" for name in SERVICES}
        direct = ",".join(filter(None, (os.environ.get("NO_PROXY"), HOST, "localhost")))
        return others | {
            "KAFKA_BOOTSTRAP_SERVERS": f"{HOST}:{self.ports['broker']}",
            "INTERNAL_KEY": self.secrets.internal_key,
            # Many processes share a small machine: few arenas and threads, memory given back.
            "MALLOC_ARENA_MAX": "2",
            "MALLOC_TRIM_THRESHOLD_": "131072",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "TOKENIZERS_PARALLELISM": "false",
            # A member with a lasting name takes its partitions back at once when it was killed.
            "INSTANCE": "stack",
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
