"""The jars of Apache Kafka, fetched once per checkout with Maven."""

import fcntl
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Final

from servers.processes import ServerUnavailable

_MEMBER: Final = Path(__file__).parents[2]
POM: Final = _MEMBER / "kafka" / "pom.xml"
FOLDER: Final = _MEMBER.parents[1] / "var" / "kafka"
FETCH_S: Final = 90.0
_POLL_S: Final = 0.1


def kafka_jars(pom: Path = POM, folder: Path = FOLDER) -> Path:
    """The folder with the jars that the pom names; whoever comes first fetches them.

    Raises ServerUnavailable when Java, Maven or its repository is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    jars = jars_in(folder)
    stamp = jars / "pom.xml"
    with _locked(folder / "lock"):
        if not stamp.is_file() or stamp.read_bytes() != pom.read_bytes():
            shutil.rmtree(jars, ignore_errors=True)
            _fetch(pom, jars)
            shutil.copyfile(pom, stamp)
    return jars


def jars_in(folder: Path = FOLDER) -> Path:
    """Where they lie once they are fetched."""
    return folder / "libs"


def program(name: str) -> str:
    """The path of a program. Raises ServerUnavailable."""
    if path := shutil.which(name):
        return path
    raise ServerUnavailable(f"{name} is not installed")


def _fetch(pom: Path, jars: Path) -> None:
    command = [
        program("mvn"), "--quiet", "--batch-mode", f"--file={pom}",
        "dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={jars}",
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=FETCH_S)
    except subprocess.TimeoutExpired:
        raise ServerUnavailable(f"Maven took more than {FETCH_S:.0f} s") from None
    if done.returncode != 0:
        errors = [line for line in done.stdout.splitlines() if line.startswith("[ERROR]")]
        raise ServerUnavailable(f"Maven failed: {(errors or ['it said nothing'])[0]}")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time. Raises ServerUnavailable when another one takes too long."""
    deadline = monotonic() + FETCH_S
    with path.open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if monotonic() > deadline:
                    raise ServerUnavailable("another process is still fetching it") from None
                Event().wait(_POLL_S)
        yield
