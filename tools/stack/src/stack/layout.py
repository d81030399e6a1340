from dataclasses import dataclass
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[4]
DEFAULT_DATA_DIR = PROJECT_ROOT / "var"


@dataclass(frozen=True)
class Layout:
    """Where one stack keeps its files. Everything lies below `root`."""

    root: Path

    @classmethod
    def at(cls, data_dir: Path) -> "Layout":
        return cls(data_dir.resolve())

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def data(self) -> Path:
        return self.root / "data"

    def log_of(self, process: str) -> Path:
        return self.logs / f"{process}.log"

    def data_of(self, process: str) -> Path:
        return self.data / process

    def create(self) -> None:
        for folder in (self.run, self.logs, self.data):
            folder.mkdir(parents=True, exist_ok=True)
