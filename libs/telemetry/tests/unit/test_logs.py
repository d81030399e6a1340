import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from telemetry.logs import configure_logs


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.contextvars.clear_contextvars()


def last_line(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    line: dict[str, object] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return line


def test_a_line_is_one_json_object_with_the_name_of_the_service(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("ledger")
    logging.getLogger("ledger.somewhere").warning("the %s is\nlow", "balance")
    line = last_line(capsys)
    assert line["event"] == "the balance is\nlow"
    assert line["service"] == "ledger"
    assert line["level"] == "warning"
    assert line["logger"] == "ledger.somewhere"


def test_a_line_names_the_request_that_it_belongs_to(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("ledger")
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        logging.getLogger("ledger").warning("slow")
    assert last_line(capsys)["request_id"] == "r-1"


def test_an_error_shows_where_it_came_from_on_the_same_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("ledger")
    error = ValueError("broken")
    logging.getLogger("ledger").error("it failed", exc_info=error)
    assert "ValueError: broken" in str(last_line(capsys)["exception"])


def test_what_is_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("ledger", "WARNING")
    logging.getLogger("ledger").info("chatter")
    assert capsys.readouterr().out == ""


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="LOUD"):
        configure_logs("ledger", "LOUD")
