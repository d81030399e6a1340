from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker  # type: ignore[import-untyped]
import pytest
import yaml
from docker.errors import DockerException  # type: ignore[import-untyped]

from testkit import containers
from testkit.containers import KAFKA, MONGODB, POSTGRES, VALKEY, docker_runs, shared_server

COMPOSE = Path(__file__).parents[4] / "docker-compose.yml"


class Engine:
    """As much of docker.DockerClient as the question needs."""

    def __init__(self, *, answers: bool) -> None:
        self.answers = answers
        self.asked: list[int] = []

    def from_env(self, timeout: int) -> "Engine":
        self.asked.append(timeout)
        return self

    def ping(self) -> bool:
        if not self.answers:
            raise DockerException("nobody listens")
        return True


@pytest.fixture(autouse=True)
def _ask_anew() -> Iterator[None]:
    docker_runs.cache_clear()
    yield
    docker_runs.cache_clear()


@contextmanager
def _from(source: str) -> Iterator[str]:
    yield source


def _chosen() -> str:
    server = shared_server(
        "FRONTDESK_TEST_THING",
        named=lambda address: address,
        contained=lambda: _from("container"),
        local=lambda: _from("process"),
    )
    with server as source:
        return source


@pytest.mark.parametrize(("answers", "source"), [(True, "container"), (False, "process")])
def test_a_shared_server_is_a_container_where_docker_runs_and_else_a_process(
    answers: bool, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(answers=answers)
    monkeypatch.setattr(docker, "from_env", engine.from_env)
    assert (_chosen(), _chosen()) == (source, source)
    assert engine.asked == [containers.PING_S], "asked once, and not for long"


def test_a_server_that_the_variable_names_comes_first_and_docker_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = Engine(answers=True)
    monkeypatch.setattr(docker, "from_env", engine.from_env)
    monkeypatch.setenv("FRONTDESK_TEST_THING", "host:1")
    assert _chosen() == "host:1"
    assert engine.asked == []


def test_tests_and_compose_run_the_same_images() -> None:
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    in_compose = {service["image"] for service in services.values()}
    assert {image.name for image in (KAFKA, MONGODB, POSTGRES, VALKEY)} <= in_compose
