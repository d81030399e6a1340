import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from stack.down import bring_down
from stack.embedded import Stack
from stack.processes import is_gone, kill, spawn, stop, strays, wait_until_gone
from stack.state import ProcessRecord, StackState, state_file


def test_down_stops_everything_and_keeps_the_data(stack: Stack) -> None:
    stack.up()
    kept = stack.layout.data / "ledger.db"
    kept.write_text("entries")

    assert sorted(stack.down()) == ["broker", "gateway", "ledger"]
    assert strays(stack.layout) == []
    assert kept.read_text() == "entries"


def test_down_when_nothing_runs_does_nothing(stack: Stack) -> None:
    assert stack.down() == []
    stack.up()
    stack.down()
    assert stack.down() == []


def test_down_finds_the_processes_of_a_lost_state_file_by_their_mark(stack: Stack) -> None:
    stack.up()
    state_file(stack.layout).write_text("{ cut off in the mid")

    assert len(stack.down()) == 3
    assert strays(stack.layout) == []


def test_up_replaces_the_processes_of_a_lost_state_file(stack: Stack) -> None:
    stack.up()
    old = strays(stack.layout)
    state_file(stack.layout).unlink()

    assert len(stack.up()) == 3
    assert all(is_gone(process) for process in old)


def test_a_stranger_that_was_given_a_recorded_pid_is_neither_counted_nor_stopped(
    stack: Stack,
) -> None:
    stack.up()
    with subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"]) as stranger:
        state = StackState.load(stack.layout)
        recorded = state.processes["ledger"]
        state.processes["ledger"] = replace(recorded, pid=stranger.pid)
        state.save(stack.layout)

        health = {process.name: process.health for process in stack.status().processes}
        stack.down()

        assert health["ledger"] == "down"
        assert stranger.poll() is None
        stranger.kill()


def test_a_record_of_a_process_that_is_gone_is_a_process_that_is_down(stack: Stack) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    record = ProcessRecord(
        name="ledger", pid=ended.pid, created_at=0, port=stack.ports["ledger"], ready_path=""
    )
    stack.layout.create()
    StackState(ports=dict(stack.ports), processes={"ledger": record}).save(stack.layout)

    assert bring_down(stack.layout) == []


def test_a_process_that_ignores_the_request_to_end_is_killed(stack: Stack, scenery: Any) -> None:
    scenery.manners["ledger"] = "stubborn"
    stack.up()
    stubborn = psutil.Process(StackState.load(stack.layout).processes["ledger"].pid)

    stop([stubborn], grace_s=0.2)

    assert is_gone(stubborn)


def test_killing_a_process_ends_its_children_too(stack: Stack, scenery: Any) -> None:
    scenery.manners["ledger"] = "parent"
    stack.up()
    parent = psutil.Process(StackState.load(stack.layout).processes["ledger"].pid)
    (child,) = parent.children()

    kill(parent)

    assert wait_until_gone([child], timeout_s=5) == []


def test_children_that_outlive_their_parent_are_strays_that_down_stops(
    stack: Stack, scenery: Any
) -> None:
    scenery.manners["ledger"] = "parent"
    stack.up()
    parent = psutil.Process(StackState.load(stack.layout).processes["ledger"].pid)
    (child,) = parent.children()
    os.kill(parent.pid, signal.SIGKILL)
    wait_until_gone([parent], timeout_s=5)

    assert child in strays(stack.layout)
    stack.down()
    assert is_gone(child)


def test_down_leaves_no_child_of_a_process_that_ended_as_asked(stack: Stack, scenery: Any) -> None:
    scenery.manners["ledger"] = "parent"
    stack.up()
    parent = psutil.Process(StackState.load(stack.layout).processes["ledger"].pid)
    (child,) = parent.children()

    stack.down()

    assert is_gone(child)


def test_a_process_of_another_stack_is_no_stray(stack: Stack, tmp_path: Path) -> None:
    other = type(stack)(tmp_path / "other").layout
    other.create()
    child = spawn((sys.executable, "-c", "import signal; signal.pause()"), {}, other, "lone")
    try:
        assert strays(stack.layout) == []
        assert [process.pid for process in strays(other)] == [child.pid]
    finally:
        child.kill()
        child.wait()
