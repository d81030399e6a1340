import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import psutil
import pytest

from stack.cli import main
from stack.embedded import Stack
from stack.errors import StackError
from stack.ports import HOST
from stack.processes import poll_until
from stack.state import ProcessRecord, StackState
from stack.status import ProcessStatus, StackStatus, health_of


def _status_on_the_command_line(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> tuple[int, dict[str, Any]]:
    exit_status = main(["status", "--json", "--data-dir", str(stack.layout.root)])
    return exit_status, json.loads(capsys.readouterr().out)


def test_the_status_of_a_healthy_stack_as_json(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.up()

    exit_status, status = _status_on_the_command_line(stack, capsys)

    assert exit_status == 0
    assert set(status) == {"processes", "rss_total_bytes", "pss_total_bytes", "data_bytes"}
    ledger = next(process for process in status["processes"] if process["name"] == "ledger")
    assert set(ledger) == {
        "name", "pid", "port", "health", "rss_bytes", "pss_bytes", "uptime_s",
    }  # fmt: skip
    assert ledger["health"] == "ok"
    assert ledger["port"] == stack.ports["ledger"]
    assert ledger["rss_bytes"] > 2**20
    assert status["rss_total_bytes"] == sum(p["rss_bytes"] for p in status["processes"])


def test_a_process_that_is_missing_is_down_and_the_exit_status_tells(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.up()
    stack.kill("ledger")

    exit_status, status = _status_on_the_command_line(stack, capsys)

    assert exit_status == 1
    health = {process["name"]: process["health"] for process in status["processes"]}
    assert health == {"broker": "ok", "gateway": "ok", "ledger": "down"}


def test_a_process_that_answers_that_it_is_not_ready_is_starting_only_at_its_start(
    stack: Stack,
) -> None:
    stack.up()
    state = StackState.load(stack.layout)
    for name in ("gateway", "ledger"):
        old = state.processes[name]
        state.processes[name] = replace(old, ready_path="/503", was_ready=name == "ledger")
    state.save(stack.layout)

    assert _health(stack) == {"broker": "ok", "gateway": "starting", "ledger": "not ready"}


def test_a_stack_that_never_ran_is_down_and_looking_leaves_no_trace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "var"

    assert main(["status", "--data-dir", str(folder)]) == 1
    assert "gateway" in capsys.readouterr().out
    assert not folder.exists()


@pytest.mark.parametrize(("sizes", "total"), [((3, 4), 7), ((3, None), None)])
def test_the_proportional_total_is_told_only_when_every_size_is_known(
    sizes: tuple[int | None, ...], total: int | None
) -> None:
    processes = tuple(
        ProcessStatus(name=str(n), port=n, health="ok", pid=n, pss_bytes=size)
        for n, size in enumerate(sizes, start=1)
    )

    assert StackStatus(processes=processes, data_bytes=0).pss_total_bytes == total


def test_a_process_that_was_ready_and_gives_no_answer_is_not_answering(
    stack: Stack,
) -> None:
    stack.up()
    with _stopped(stack, "broker"), _stopped(stack, "ledger"):
        assert _health(stack) == {
            "broker": "not answering",
            "gateway": "ok",
            "ledger": "not answering",
        }
        with pytest.raises(StackError, match=r"up already .*, but .*ledger is not answering"):
            stack.up()
    assert stack.status().healthy


@pytest.mark.parametrize(
    ("was_ready", "age_s", "health"),
    [(False, 5, "starting"), (False, 90, "not answering"), (True, 5, "not answering")],
)
def test_silence_means_starting_only_at_the_first_start(
    was_ready: bool, age_s: float, health: str
) -> None:
    created_at = time.time() - age_s
    process = Mock(**{"status.return_value": "sleeping", "create_time.return_value": created_at})
    with socket.create_server((HOST, 0)) as held_back:
        # Nobody ever answers on this port, though the system accepts the connection.
        record = ProcessRecord(
            name="ledger",
            pid=1,
            created_at=created_at,
            port=held_back.getsockname()[1],
            ready_path="/health/ready",
            was_ready=was_ready,
        )
        assert health_of(record, process) == health


@contextmanager
def _stopped(stack: Stack, name: str) -> Iterator[None]:
    pid = StackState.load(stack.layout).processes[name].pid
    os.kill(pid, signal.SIGSTOP)
    try:
        assert poll_until(lambda: psutil.Process(pid).status() == "stopped", timeout_s=5)
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _health(stack: Stack) -> dict[str, str]:
    return {process.name: process.health for process in stack.status().processes}
