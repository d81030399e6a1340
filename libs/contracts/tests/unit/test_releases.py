import json
from pathlib import Path

import pytest

from contracts import generate
from contracts.compatibility import incompatibilities
from contracts.generate import NotReleased, release, released_versions, schema_files

TODAY = {path.name: json.loads(text) for path, text in schema_files().items()}
RELEASED = [
    path for folder in released_versions() for path in sorted(folder.glob("schemas/*.json"))
]


def test_a_version_has_been_released() -> None:
    assert RELEASED


@pytest.mark.parametrize("path", RELEASED, ids=lambda p: f"{p.parent.parent.name}-{p.stem}")
def test_today_and_a_released_version_can_read_each_other(path: Path) -> None:
    assert path.name in TODAY, "the topic is gone"
    assert incompatibilities(json.loads(path.read_text()), TODAY[path.name]) == []


def test_a_release_keeps_schemas_and_samples_of_every_topic(tmp_path: Path) -> None:
    folder = release("1.0.0", tmp_path)
    assert {path.name for path in (folder / "schemas").iterdir()} == TODAY.keys()
    assert {path.name for path in (folder / "samples").iterdir()} == {
        name.removesuffix(".json") for name in TODAY
    }


def test_a_released_version_is_never_written_over(tmp_path: Path) -> None:
    kept = release("1.0.0", tmp_path) / "schemas" / "ledger.events.v1.json"
    kept.write_text("as it was")
    with pytest.raises(NotReleased, match=r"1\.0\.0 is released"):
        release("1.0.0", tmp_path)
    assert kept.read_text() == "as it was"


@pytest.mark.parametrize("version", ["1.0", "v1.0.0", "../1.0.0", "1.0.0-beta"])
def test_only_a_version_of_three_numbers_is_released(version: str, tmp_path: Path) -> None:
    with pytest.raises(NotReleased, match="is not a version"):
        release(version, tmp_path)


def test_nothing_is_released_while_files_are_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "stale_files", lambda: [Path("ledger.events.v1.json")])
    with pytest.raises(NotReleased, match="is stale"):
        release("1.0.0", tmp_path)
    assert not list(tmp_path.iterdir())


def test_versions_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for version in ("0.10.0", "0.9.0", "1.0.0"):
        (tmp_path / version).mkdir()
    assert [path.name for path in released_versions(tmp_path)] == ["0.9.0", "0.10.0", "1.0.0"]
