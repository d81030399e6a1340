import io
import os
import socket
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from stack.cli import main
from stack.embedded import Stack
from stack.errors import StackError
from stack.ports import HOST, free_ports
from stack.processes import strays
from stack.report import Report
from stack.state import StackState, exclusive
from stack.up import Deadlines


def _pids(stack: Stack) -> dict[str, int | None]:
    return {process.name: process.pid for process in stack.status().processes}


def test_up_starts_everything_and_returns_when_it_is_ready(stack: Stack) -> None:
    assert stack.up() == ["broker", "gateway", "ledger"]
    assert stack.status().healthy


def test_a_second_up_is_refused_in_one_sentence(stack: Stack) -> None:
    stack.up()
    before = _pids(stack)

    with pytest.raises(StackError, match="up already") as refused:
        stack.up()

    assert "\n" not in str(refused.value)
    assert _pids(stack) == before


def test_up_after_a_kill_starts_the_missing_process_alone_on_its_old_port(stack: Stack) -> None:
    stack.up()
    before = _pids(stack)
    stack.kill("ledger")

    again = Stack(stack.layout.root, build=stack._build)

    assert again.up() == ["ledger"]
    after = _pids(again)
    assert {name for name in before if before[name] != after[name]} == {"ledger"}
    assert again.ports == stack.ports


def test_a_broker_that_was_killed_comes_back_with_its_topics(stack: Stack, scenery: Any) -> None:
    applied = []
    scenery.on_servers_ready = lambda: applied.append("topics")
    stack.up()
    stack.kill("broker")

    assert stack.up() == ["broker"]
    assert applied == ["topics", "topics"]


def test_a_stack_that_is_partly_up_does_not_move_to_other_ports(stack: Stack) -> None:
    stack.up()
    stack.kill("ledger")

    with pytest.raises(StackError, match="on other ports"):
        Stack(stack.layout.root, free_ports(stack.ports), build=stack._build).up()


def test_a_port_in_use_is_named_with_its_holder_and_nothing_is_started(stack: Stack) -> None:
    port = stack.ports["ledger"]
    in_use = rf"port {port} \(ledger\) by .* \(pid {os.getpid()}\)"
    with socket.create_server((HOST, port)), pytest.raises(StackError, match=in_use):
        stack.up()

    assert strays(stack.layout) == []


def test_a_process_that_ends_at_its_start_is_shown_with_its_log_and_all_is_stopped(
    stack: Stack, scenery: Any
) -> None:
    scenery.commands["ledger"] = (sys.executable, "-c", "raise SystemExit('no such table')")

    with pytest.raises(StackError, match=r"ledger ended at its start[\s\S]*no such table"):
        stack.up()

    assert strays(stack.layout) == []
    assert not any(process.pid for process in stack.status().processes)


def test_a_process_that_does_not_become_ready_in_time_is_named_and_all_is_stopped(
    tmp_path: Path, scenery: Any
) -> None:
    scenery.manners["gateway"] = "unready"
    stack = Stack(
        tmp_path,
        free_ports(("broker", "gateway")),
        build=scenery.build,
        deadlines=Deadlines(ready_s=0.3),
    )

    with pytest.raises(StackError, match=r"Not ready after .*: gateway"):
        stack.up()

    assert strays(stack.layout) == []


def test_a_failed_migration_is_shown_with_its_log_and_all_is_stopped(
    stack: Stack, scenery: Any
) -> None:
    scenery.prepare["ledger"] = (sys.executable, "-c", "raise SystemExit('disk full')")

    with pytest.raises(StackError, match=r"Migrating ledger failed[\s\S]*disk full"):
        stack.up()

    assert strays(stack.layout) == []


def test_migrations_run_before_their_service_starts(
    stack: Stack, scenery: Any, tmp_path: Path
) -> None:
    mark = tmp_path / "migrated"
    scenery.prepare["ledger"] = (sys.executable, "-c", f"open({str(mark)!r}, 'w')")

    stack.up()

    assert mark.stat().st_mtime <= StackState.load(stack.layout).processes["ledger"].created_at + 1


def test_an_interrupted_up_stops_what_it_started_and_leaves_the_rest_alone(
    stack: Stack, scenery: Any
) -> None:
    stack.up()
    before = _pids(stack)
    stack.kill("ledger")
    scenery.prepare["ledger"] = (sys.executable, "-c", "import os; os.kill(os.getppid(), 2)")

    with pytest.raises(KeyboardInterrupt):
        stack.up()

    assert _pids(stack) == before | {"ledger": None}
    known = [pid for pid in _pids(stack).values() if pid is not None]
    assert strays(stack.layout, known=known) == []


def test_two_ups_at_once_do_not_meet(stack: Stack) -> None:
    with exclusive(stack.layout), pytest.raises(StackError, match="is at work"):
        stack.up()


def test_an_up_with_other_ports_when_all_runs_says_where_it_is_up(stack: Stack) -> None:
    stack.up()

    with pytest.raises(StackError, match=rf"^It is up already at {stack.url}: broker, gateway"):
        Stack(stack.layout.root, free_ports(stack.ports), build=stack._build).up()


@pytest.mark.parametrize("place", ["a-file/below", "/proc/frontdesk"])
@pytest.mark.parametrize("command", ["up", "down", "status", "logs"])
def test_a_data_directory_that_cannot_be_is_no_traceback(
    command: str, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a-file").touch()

    exit_status = main([command, "--data-dir", str(tmp_path / place)])

    if command == "up":
        assert exit_status == 1
        (sentence,) = capsys.readouterr().err.splitlines()
        assert sentence.startswith(f"The data directory {tmp_path / place} can't be used (No")


def test_a_data_directory_that_may_not_be_written_is_named(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda folder, _mode: folder != stack.layout.logs)

    with pytest.raises(StackError, match=rf"can't be used .*denied: {stack.layout.logs}"):
        stack.up()


def test_what_the_stack_keeps_is_for_its_owner_alone(stack: Stack, scenery: Any) -> None:
    stack.layout.data.mkdir(parents=True, mode=0o755)
    store = stack.layout.data / "ledger.db"
    scenery.prepare["ledger"] = (sys.executable, "-c", f"open({str(store)!r}, 'w')")

    stack.up()

    for folder in (stack.layout.data, stack.layout.logs, stack.layout.run):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(store.stat().st_mode) == 0o600


def test_a_start_counts_the_services_that_are_ready(stack: Stack) -> None:
    output = io.StringIO()

    Stack(
        stack.layout.root, stack.ports, build=stack._build, report=Report(Console(file=output))
    ).up()

    ready = [line for line in output.getvalue().splitlines() if " ready on port " in line]
    ends = [line.partition(" s")[2] for line in ready]
    assert ends == ["", " (services ready: 1 of 2)", " (services ready: 2 of 2)"]
