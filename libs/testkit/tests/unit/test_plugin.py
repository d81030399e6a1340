from types import SimpleNamespace

import pytest

from servers.processes import ServerUnavailable
from testkit.plugin import _skip, pytest_terminal_summary


class Terminal:
    """As much of a pytest.TerminalReporter as the summary needs."""

    def __init__(self, *reasons: str) -> None:
        reports = [SimpleNamespace(longrepr=("test_x.py", 1, reason)) for reason in reasons]
        self.stats = {"skipped": reports}
        self.lines: list[str] = []

    def write_line(self, line: str) -> None:
        self.lines.append(line)


def reason_for(server: str, why: str) -> str:
    with pytest.raises(pytest.skip.Exception) as skipped:
        _skip(server, ServerUnavailable(why))
    return f"Skipped: {skipped.value}"


def test_a_missing_server_is_one_line_however_many_tests_it_cost() -> None:
    postgres = reason_for("PostgreSQL", "initdb is not installed")
    broker = reason_for("a broker", "it did not start")
    terminal = Terminal(postgres, broker, postgres, "Skipped: another reason")
    pytest_terminal_summary(terminal)  # type: ignore[arg-type]
    assert terminal.lines == [
        "Without PostgreSQL: 2 tests skipped (initdb is not installed)",
        "Without a broker: 1 tests skipped (it did not start)",
    ]


def test_nothing_is_said_when_nothing_is_missing() -> None:
    terminal = Terminal("Skipped: SQLite has one writer")
    pytest_terminal_summary(terminal)  # type: ignore[arg-type]
    assert terminal.lines == []
