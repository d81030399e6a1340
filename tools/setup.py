"""`make setup`: the environment in .venv, the locked packages, and the language model.

Any `python3` can run this (3.6 and later): it finds a suitable one itself. Nothing happens when
nothing has changed. A stamp is removed before the first change and written after the last, so a
set-up that was interrupted is never trusted.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator

from workspace import LOCK, ROOT, VENV, VENV_PYTHON, members

VERSIONS = ["3.11", "3.12", "3.13", "3.14"]
UV = VENV / "bin" / "uv"
MODEL = ROOT / "var" / "models" / "minilm"
MODEL_TOOL = ROOT / "tools" / "models" / "build_minilm.py"
FAILURE_LOG = ROOT / "var" / "setup-failure.log"
DEADLINE_S = 1800
# pip's settings that uv calls by another name: a mirror set up for one serves the other.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
}
PROBE = """
import importlib.util, sys
if sys.version_info < (3, 11): print("old")
elif not all(map(importlib.util.find_spec, ("venv", "ensurepip"))): print("no venv")
else: print(getattr(sys, "_base_executable", sys.executable))
"""


class SetupFailed(Exception):
    """A sentence for whoever runs the set-up."""


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = time.monotonic()
    try:
        if not (packages_are_current() and model_is_current()):
            with _one_at_a_time() as lock:
                _set_up(lock)
            print("Set up in {:.0f} s.".format(time.monotonic() - started))
        elif "--quiet" not in sys.argv:
            print("Everything is set up.")
    except SetupFailed as failure:
        print("setup: {}".format(failure), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nsetup: interrupted; run it again to finish.", file=sys.stderr)
        return 130
    return 0


def packages_are_current() -> bool:
    return VENV_PYTHON.exists() and _read_stamp("packages") == _packages_digest()


def model_is_current() -> bool:
    built = all((MODEL / name).exists() for name in ("model.onnx", "tokenizer.json"))
    return built and _read_stamp("model") == _model_digest()


def _set_up(lock: int) -> None:
    run = _Runner(lock)
    if not packages_are_current():
        with _stamped("packages", _packages_digest()) as trusted:
            if trusted and _venv_runs():
                _install_packages(run)
            else:
                _make_venv(run, _suitable_python())
    if not model_is_current():
        with _stamped("model", _model_digest()):
            run("Building the language model", [VENV_PYTHON, MODEL_TOOL, "--into", MODEL])


def _make_venv(run: "_Runner", python: str) -> None:
    _remove(VENV)
    try:
        run("Making .venv with {}".format(python), [python, "-m", "venv", VENV])
        _install_packages(run)
    except BaseException:
        _remove(VENV)
        raise


def _install_packages(run: "_Runner") -> None:
    with tempfile.TemporaryDirectory() as folder:
        only_uv = Path(folder) / "uv.txt"
        only_uv.write_text(_locked("uv"))
        pip = [VENV_PYTHON, "-m", "pip", "install", "-q", "--retries", "2", "--no-deps"]
        run("Installing uv", [*pip, "--require-hashes", "-r", only_uv])
    run.use_registry_settings_of_pip()
    into = ["-q", "--python", VENV_PYTHON]
    count = len(re.findall(r"^\w", LOCK.read_text(), re.MULTILINE))
    # Compiled once here, modules load in half the time in each of the stack's processes.
    sync = [UV, "pip", "sync", "--require-hashes", "--compile-bytecode"]
    run("Installing {} packages".format(count), sync + into + [LOCK])
    editable = [argument for member in members() for argument in ("-e", member)]
    link = [UV, "pip", "install", "--no-deps", "--no-build-isolation"]
    run("Linking the project's own packages", link + into + editable)


class _Runner:
    """Runs a step, shows how long it takes, and keeps its output when it fails."""

    def __init__(self, lock: int) -> None:
        self._lock = lock
        self._environment = dict(os.environ, VIRTUAL_ENV=str(VENV))
        for name in ("PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX"):
            self._environment.pop(name, None)

    def __call__(self, title: str, command: Iterable[Any]) -> None:
        with tempfile.TemporaryFile() as output:
            # A step that outlives us keeps the lock: the next set-up waits for it.
            process = subprocess.Popen(
                [str(part) for part in command],
                cwd=str(ROOT),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=(self._lock,),
            )
            try:
                _watch(process, title)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
            if process.returncode != 0:
                output.seek(0)
                raise SetupFailed(_failure_of(title, output.read().decode(errors="replace")))

    def use_registry_settings_of_pip(self) -> None:
        listed = subprocess.check_output(
            [str(VENV_PYTHON), "-m", "pip", "config", "list"], env=self._environment
        ).decode()
        settings = dict(re.findall(r"^\S*\.([a-z-]+)='(.*)'$", listed, re.MULTILINE))
        for key, name in UV_NAMES.items():
            if key in settings:
                self._environment.setdefault(name, settings[key])


def _watch(process: "subprocess.Popen[bytes]", title: str) -> None:
    started = time.monotonic()
    live = sys.stdout.isatty()
    print(title + " …", end="" if live else "\n", flush=True)
    while process.poll() is None:
        seconds = time.monotonic() - started
        if seconds > DEADLINE_S:
            raise SetupFailed("{}: no end after {} minutes.".format(title, DEADLINE_S // 60))
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1)
        if live and seconds > 1:
            print("\r{} … {:.0f} s".format(title, seconds), end="", flush=True)
    if live:
        print()


def _failure_of(title: str, output: str) -> str:
    FAILURE_LOG.parent.mkdir(parents=True, exist_ok=True)
    FAILURE_LOG.write_text(output, encoding="utf-8")
    lines = [line.strip() for line in output.splitlines()]
    # pip advertises its newer releases behind its errors.
    told = [line for line in lines if line and not line.startswith("[notice]")]
    return (
        "“{}” failed ({}; all of it is in {}). If the package registry could not be reached, check "
        "the network or name a mirror with PIP_INDEX_URL; then run `make setup` again."
    ).format(title, told[-1][:300] if told else "it said nothing", FAILURE_LOG)


def _suitable_python() -> str:
    answers: Dict[str, str] = {}
    for candidate in [sys.executable] + [shutil.which("python" + version) for version in VERSIONS]:
        if candidate:
            answers[candidate] = _probe(candidate)
    for answer in answers.values():
        if Path(answer).is_absolute():
            return answer
    if "no venv" in answers.values():
        lacking = next(path for path, answer in answers.items() if answer == "no venv")
        raise SetupFailed(
            "{} cannot make environments: its venv module is missing. On Debian or Ubuntu: "
            "apt install python3-venv.".format(lacking)
        )
    raise SetupFailed(
        "Python 3.11 or newer is needed; this is {}.{} and no python3.11 to python3.14 on PATH "
        "runs.".format(*sys.version_info[:2])
    )


def _probe(python: str) -> str:
    try:
        found = subprocess.check_output(
            [python, "-c", PROBE], stderr=subprocess.DEVNULL, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return "does not run"
    return found.decode().strip()


def _venv_runs() -> bool:
    return VENV_PYTHON.exists() and Path(_probe(str(VENV_PYTHON))).is_absolute()


def _locked(name: str) -> str:
    """The lines of the lock that pin one package with its hashes."""
    block = re.search(
        r"^{}==.*?(?=^\S|\Z)".format(name), LOCK.read_text(), re.MULTILINE | re.DOTALL
    )
    if block is None:
        raise SetupFailed("{} does not pin {}.".format(LOCK.name, name))
    return block.group()


def _packages_digest() -> str:
    return _digest([LOCK] + [member / "pyproject.toml" for member in members()])


def _model_digest() -> str:
    folder = MODEL_TOOL.parent
    return _digest(path for path in sorted(folder.iterdir()) if path.is_file())


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        digest.update("{} {}\n".format(path.relative_to(ROOT), len(content)).encode() + content)
    # An environment knows its own path: one that was moved or copied is made anew.
    return "{}\n{}\n".format(VENV, digest.hexdigest())


def _stamp(name: str) -> Path:
    return VENV / "{}.stamp".format(name)


def _read_stamp(name: str) -> str:
    try:
        return _stamp(name).read_text()
    except OSError:
        return ""


@contextlib.contextmanager
def _stamped(name: str, digest: str) -> Iterator[bool]:
    """Yields whether the last set-up of this place ended well; stamps it when this one does."""
    trusted = _read_stamp(name).splitlines()[:1] == digest.splitlines()[:1]
    _remove(_stamp(name))
    yield trusted
    _stamp(name).write_text(digest)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(str(path))
    else:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[int]:
    lock = os.open(__file__, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another set-up is at work; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
    finally:
        os.close(lock)


if __name__ == "__main__":
    sys.exit(main())
