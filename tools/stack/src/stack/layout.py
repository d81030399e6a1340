import errno
import os
from contextlib import suppress
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

    @property
    def servers(self) -> Path:
        """What is kept on servers, apart from what the embedded stack keeps."""
        return self.root / "servers"

    def log_of(self, process: str) -> Path:
        return self.logs / f"{process}.log"

    def data_of(self, process: str) -> Path:
        return self.data / process

    def create(self) -> None:
        """Raises OSError when one of the folders can't be made or written to."""
        for folder in (self.run, self.logs, self.data):
            make_private(folder)
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))


def make_private(folder: Path) -> None:
    """Makes the folder for its owner alone, also one that an earlier release left open to all."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Some file systems know no modes, and some folders were lent by somebody else.
    with suppress(PermissionError):
        folder.chmod(0o700)


def open_a_way(*folders: Path) -> None:
    """Lets everybody through them to what lies deeper, and nobody see what there is."""
    for folder in folders:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(folder.stat().st_mode | 0o011)
