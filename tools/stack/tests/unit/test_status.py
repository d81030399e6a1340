import json
from pathlib import Path
from typing import Any

import pytest

from stack.cli import main
from stack.embedded import Stack
from stack.status import ProcessStatus, StackStatus


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


def test_a_process_that_lives_but_is_not_ready_is_starting(stack: Stack, scenery: Any) -> None:
    stack.up()
    stack.kill("broker")
    listening = {process.name: process.health for process in stack.status().processes}
    assert listening["broker"] == "down"

    state = stack.layout.run / "stack.json"
    state.write_text(state.read_text().replace("/health/ready", "not a path"))

    health = {process.name: process.health for process in stack.status().processes}
    assert health["ledger"] == "starting"


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
