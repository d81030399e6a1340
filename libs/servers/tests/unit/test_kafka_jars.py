from collections.abc import Callable
from pathlib import Path

import pytest

from servers.kafka_jars import POM, kafka_jars, program
from servers.processes import ServerUnavailable

WORKS = """
for argument in "$@"; do case "$argument" in -DoutputDirectory=*) jars="${argument#*=}";; esac; done
mkdir -p "$jars" && echo jar >> "$jars/kafka.jar"
"""
Maven = Callable[[str], None]


@pytest.fixture
def maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Maven:
    """Put that script in Maven's place."""

    def install(script: str) -> None:
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / "mvn").write_text(f"#!/bin/sh\n{script}")
        (tmp_path / "bin" / "mvn").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")

    return install


@pytest.fixture
def pom(tmp_path: Path) -> Path:
    (tmp_path / "pom.xml").write_bytes(POM.read_bytes())
    return tmp_path / "pom.xml"


def test_the_jars_are_fetched_once_and_again_when_others_are_named(
    maven: Maven, pom: Path, tmp_path: Path
) -> None:
    maven(WORKS)
    jars = kafka_jars(pom, tmp_path / "kafka")
    kafka_jars(pom, tmp_path / "kafka")
    assert (jars / "kafka.jar").read_text() == "jar\n"
    (jars / "old.jar").touch()
    pom.write_text("another version")
    assert kafka_jars(pom, tmp_path / "kafka") == jars
    assert not (jars / "old.jar").exists()


def test_jars_that_were_not_all_fetched_are_fetched_again(
    maven: Maven, pom: Path, tmp_path: Path
) -> None:
    maven(f"{WORKS}\necho '[ERROR] the repository is away'; exit 1")
    with pytest.raises(ServerUnavailable, match="the repository is away"):
        kafka_jars(pom, tmp_path / "kafka")
    maven(WORKS)
    assert (kafka_jars(pom, tmp_path / "kafka") / "kafka.jar").read_text() == "jar\n"


def test_a_machine_without_the_programs_says_which_one_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerUnavailable, match="java is not installed"):
        program("java")
    with pytest.raises(ServerUnavailable, match="mvn is not installed"):
        kafka_jars(folder=tmp_path / "kafka")


def test_the_version_is_pinned() -> None:
    assert "<version>4.3.1</version>" in POM.read_text()
