import os
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from stack.embedded import Stack
from stack.errors import StackError
from stack.ports import HOST, free_ports
from stack.processes import strays
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
    scenery.on_broker_ready = lambda: applied.append("topics")
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
