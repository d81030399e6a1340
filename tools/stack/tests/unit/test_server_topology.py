import os
from pathlib import Path

import pytest

from stack.cli import main
from stack.errors import StackError
from stack.layout import Layout
from stack.ports import default_ports
from stack.process_spec import ProcessSpec
from stack.processes import strays
from stack.profiles import ON_SERVERS, SERVICES
from stack.secrets import read_or_make_secrets
from stack.server_topology import servers_topology
from stack.topology import Topology


@pytest.fixture(autouse=True)
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH, with a Java in it that does nothing."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "java").write_text("#!/bin/sh\n")
    (folder / "java").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def topology(layout: Layout) -> Topology:
    for name in ("model.onnx", "tokenizer.json"):
        (layout.root / name).touch()
    return servers_topology(layout, default_ports(ON_SERVERS), model_dir=layout.root)


def _database_url(service: ProcessSpec) -> str:
    return service.environment[f"{service.name.upper()}_DATABASE_URL"]


def test_the_stack_is_the_servers_that_somebody_uses_and_the_services(topology: Topology) -> None:
    processes = ["broker", "postgres", "mongodb", *SERVICES]
    assert [spec.name for spec in topology.processes] == processes


def test_every_service_has_a_database_of_its_own(topology: Topology) -> None:
    urls = {service.name: _database_url(service) for service in topology.services}

    assert all(url.endswith(f"/{name}") for name, url in urls.items())
    schemes = {name: url.partition("://")[0] for name, url in urls.items()}
    assert schemes == dict.fromkeys(SERVICES, "postgresql+asyncpg") | {"catalog": "mongodb"}


def test_no_command_line_shows_a_secret(topology: Topology, layout: Layout) -> None:
    secret = read_or_make_secrets(layout).internal_key

    assert secret in _database_url(topology.services[0])
    assert not any(secret in " ".join(spec.command) for spec in topology.processes)


def test_no_two_processes_have_a_port_or_a_folder_in_common(topology: Topology) -> None:
    ports = [port for spec in topology.processes for port in spec.listens_on.values()]
    folders = [spec.server.folder for spec in topology.servers if spec.server]

    assert len(ports) == len(set(ports)) == len(topology.processes) + 1
    assert len(set(folders)) == len(topology.servers)


def test_what_is_kept_on_servers_lies_apart_from_the_embedded_stores(
    topology: Topology, layout: Layout
) -> None:
    folders = {spec.server.folder.parent for spec in topology.servers if spec.server}
    assert folders == {layout.servers}
    assert list(layout.data.iterdir()) == []


def test_a_machine_without_java_is_told_so_in_one_sentence_and_nothing_starts(
    tmp_path: Path, programs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (programs / "java").unlink()
    folder = tmp_path / "var"

    options = ["--profile", ON_SERVERS, "--auto-ports", "--data-dir", str(folder)]
    assert main(["up", *options]) == 1

    (sentence,) = capsys.readouterr().err.splitlines()
    wanted = "Nothing was started, because Apache Kafka can't be had: java is not installed."
    assert sentence == wanted
    assert strays(Layout.at(folder)) == []


def test_the_servers_ports_follow_the_brokers() -> None:
    ports = default_ports(ON_SERVERS, broker=19_200)

    assert [ports[name] for name in ("broker", "postgres", "mongodb")] == [19_200, 19_202, 19_203]
    with pytest.raises(StackError, match="can't be both the postgres's and that of gateway"):
        default_ports(ON_SERVERS, gateway=19_202, broker=19_200)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends folders to another user")
def test_nobody_gets_through_to_its_folder_and_sees_nothing_on_the_way(
    topology: Topology, layout: Layout
) -> None:
    assert topology.servers
    assert layout.servers.stat().st_mode & 0o077 == 0o011
    assert layout.data.stat().st_mode & 0o077 == 0
