import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import setup
from setup import SetupFailed


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own for each test, without an environment yet."""
    venv = tmp_path / ".venv"
    monkeypatch.setattr(setup, "VENV", venv)
    monkeypatch.setattr(setup, "VENV_PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(setup, "FAILURE_LOG", tmp_path / "var" / "setup-failure.log")
    return venv


@pytest.fixture
def run() -> Iterator[setup._Runner]:
    lock = os.open(os.devnull, os.O_RDONLY)
    yield setup._Runner(lock)
    os.close(lock)


def _fails_saying(*lines: str) -> list[str]:
    return [sys.executable, "-c", f"for line in {lines!r}: print(line)\nraise SystemExit(1)"]


def test_a_step_that_fails_is_one_sentence_with_its_last_line_alone(
    run: setup._Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    command = _fails_saying(
        "WARNING: Retrying", "ERROR: No uv", "", "[notice] A new release of pip"
    )

    with pytest.raises(SetupFailed, match=r"“Installing uv” failed \(ERROR: No uv; ") as failed:
        run("Installing uv", command)

    assert "\n" not in str(failed.value)
    assert "Retrying" not in str(failed.value)
    shown = capsys.readouterr()
    assert shown.out == "Installing uv …\n"
    assert shown.err == ""
    assert "WARNING: Retrying" in setup.FAILURE_LOG.read_text()


@dataclass
class _NoRegistry:
    """Makes the environment, and then finds nobody to install from."""

    venv: Path

    def __call__(self, title: str, command: Iterable[Any]) -> None:
        if not title.startswith("Making"):
            raise SetupFailed(title)
        (self.venv / "bin").mkdir(parents=True)
        (self.venv / "bin" / "python").touch()


def test_an_environment_that_was_not_finished_is_removed(elsewhere: Path) -> None:
    with pytest.raises(SetupFailed, match="Installing uv"):
        setup._make_venv(_NoRegistry(elsewhere), sys.executable)  # type: ignore[arg-type]

    assert not elsewhere.exists()


def test_an_environment_that_works_outlives_an_update_that_fails(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_registry = _NoRegistry(elsewhere)
    no_registry("Making", [])
    setup._stamp("packages").write_text(f"{elsewhere}\nan older digest\n")
    monkeypatch.setattr(setup, "_Runner", lambda _lock: no_registry)
    monkeypatch.setattr(setup, "_venv_runs", lambda: True)

    with pytest.raises(SetupFailed, match="Installing uv"):
        setup._set_up(0)

    assert (elsewhere / "bin" / "python").exists()
