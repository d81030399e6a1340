import socket
from pathlib import Path

import pytest

from servers.processes import accepts_connections
from stack.cli import main
from stack.errors import StackError
from stack.ports import HOST, default_ports, free_ports, require_free


def test_the_default_ports_are_those_of_the_manual() -> None:
    assert default_ports() == {
        "broker": 19092,
        "gateway": 8000,
        "auth": 8001,
        "chat": 8002,
        "ingest": 8003,
        "ledger": 8004,
        "catalog": 8005,
    }


def test_the_services_follow_the_port_of_the_gateway() -> None:
    assert default_ports(gateway=9100)["catalog"] == 9105


def test_free_ports_are_free_and_no_two_are_the_same() -> None:
    ports = free_ports()

    require_free(ports)
    assert len(set(ports.values())) == len(ports) == 7


def test_every_port_that_is_taken_is_named() -> None:
    with socket.create_server((HOST, 0)) as one, socket.create_server((HOST, 0)) as other:
        taken = {"auth": one.getsockname()[1], "chat": other.getsockname()[1]}
        with pytest.raises(StackError) as refused:
            require_free(taken | free_ports(["ledger"]))

    message = str(refused.value)
    assert all(f"port {port} ({name})" in message for name, port in taken.items())
    assert "ledger" not in message


def test_a_port_accepts_connections_while_somebody_listens() -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        assert accepts_connections(port)
    assert not accepts_connections(port)


def test_a_port_beyond_the_range_is_refused_on_the_command_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["up", "--gateway-port", "80"])
    assert "between 1024 and 65000" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--broker-port", "8005"], ["--gateway-port", "19090"]])
def test_a_port_for_both_a_service_and_the_broker_is_refused_before_anything_is_made(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "var"

    assert main(["up", "--data-dir", str(folder), *arguments]) == 1

    (sentence,) = capsys.readouterr().err.splitlines()
    assert "can't be both the broker's and that of" in sentence
    assert not folder.exists()
