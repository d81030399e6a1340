from pathlib import Path

import pytest

from stack.errors import StackError
from stack.layout import Layout
from stack.ports import SERVICES, default_ports
from stack.secrets import read_or_make_secrets
from stack.topology import Topology, embedded_topology


@pytest.fixture
def topology(layout: Layout, tmp_path: Path) -> Topology:
    for name in ("model.onnx", "tokenizer.json"):
        (tmp_path / name).touch()
    return embedded_topology(layout, default_ports(), model_dir=tmp_path)


def test_the_stack_is_a_broker_and_the_six_services(topology: Topology) -> None:
    assert [spec.name for spec in topology.processes] == ["broker", *SERVICES]


def test_every_service_is_migrated_served_and_told_where_to_listen(topology: Topology) -> None:
    for spec in topology.services:
        assert spec.prepare[1:] == ("-m", f"{spec.name}.main", "migrate")
        assert spec.command[1:] == ("-m", f"{spec.name}.main", "serve")
        prefix = spec.name.upper()
        assert spec.environment[f"{prefix}_HTTP_HOST"] == "127.0.0.1"
        assert spec.environment[f"{prefix}_HTTP_PORT"] == str(spec.port)


def test_every_service_has_a_store_of_its_own(topology: Topology, layout: Layout) -> None:
    urls = {spec.environment[f"{spec.name.upper()}_DATABASE_URL"] for spec in topology.services}

    assert len(urls) == len(SERVICES)
    assert all(url.startswith(f"sqlite+aiosqlite:///{layout.data}/") for url in urls)


def test_only_auth_is_told_the_password_of_the_admin(topology: Topology, layout: Layout) -> None:
    password = read_or_make_secrets(layout).admin_password

    told = [s.name for s in topology.processes if password in s.environment.values()]

    assert told == ["auth"]


def test_a_model_that_is_not_built_is_named_with_what_to_do(layout: Layout, tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"model.onnx and tokenizer.json .* make setup"):
        embedded_topology(layout, default_ports(), model_dir=tmp_path / "absent")
