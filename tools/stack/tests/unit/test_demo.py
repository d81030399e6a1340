import io
import re
import tempfile
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
from rich.console import Console

from stack.demo.caller import Caller
from stack.demo.expectations import DemoFailed, expect
from stack.demo.run import run_demo
from stack.demo.scene import Scene
from stack.demo.story import STORY, title
from stack.errors import StackError
from stack.processes import MARK
from stack.report import Report


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the demo makes its throwaway folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def _alive_below(folder: Path) -> list[psutil.Process]:
    def mark(process: psutil.Process) -> str:
        try:
            return process.environ().get(MARK, "")
        except (psutil.Error, OSError):
            return ""

    return [process for process in psutil.process_iter() if mark(process).startswith(str(folder))]


def _told() -> tuple[Report, io.StringIO]:
    output = io.StringIO()
    return Report(Console(file=output)), output


def test_the_demo_leaves_nothing_behind_and_its_last_line_tells_the_seconds(
    folder: Path, scenery: Any
) -> None:
    report, output = _told()

    def the_gateway_answers(scene: Scene) -> None:
        assert scene.operator.admin_email

    assert run_demo(report, build=scenery.build, story={"gateway": the_gateway_answers}) == 0

    last = output.getvalue().splitlines()[-1]
    seconds = r"\d+\.\d"
    told = rf"Seconds: start {seconds} · gateway {seconds} · clear {seconds}; in all {seconds}"
    assert re.fullmatch(told, last)
    assert list(folder.iterdir()) == []
    assert _alive_below(folder) == []


def test_a_step_that_goes_wrong_fails_the_demo_and_keeps_the_logs(
    folder: Path, scenery: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    logs = tmp_path_factory.mktemp("kept") / "logs"

    def the_answer_is_wrong(_scene: Scene) -> None:
        expect(False, "the answer is 41.")

    with pytest.raises(StackError, match=r"the answer is 41\.\n.* logs"):
        run_demo(
            Report.silent(),
            build=scenery.build,
            story={"answer": the_answer_is_wrong},
            logs_on_failure=logs,
        )

    assert (logs / "ledger.log").exists()
    assert list(folder.iterdir()) == []
    assert _alive_below(folder) == []


def test_an_interrupted_demo_leaves_nothing_behind(folder: Path, scenery: Any) -> None:
    def somebody_presses_ctrl_c(_scene: Scene) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_demo(Report.silent(), build=scenery.build, story={"wait": somebody_presses_ctrl_c})

    assert list(folder.iterdir()) == []
    assert _alive_below(folder) == []


def test_every_step_of_the_story_has_a_title_of_its_own() -> None:
    assert len({title(step) for step in STORY.values()}) == len(STORY)


def _caller(*answers: httpx2.Response) -> Caller:
    queue = list(answers)
    return Caller("http://desk/api/v1", httpx2.MockTransport(lambda _request: queue.pop(0)))


def test_a_command_that_takes_longer_is_followed_to_its_outcome() -> None:
    caller = _caller(
        httpx2.Response(202, headers={"Location": "/api/v1/operations/7"}),
        httpx2.Response(200, json={"state": "accepted", "command": "PlaceOrder"}),
        httpx2.Response(200, json={"state": "succeeded", "result": {"status": "confirmed"}}),
    )

    assert caller.command("/orders", {}) == {"status": "confirmed"}


def test_a_command_that_is_refused_later_fails_the_demo() -> None:
    caller = _caller(
        httpx2.Response(202, headers={"Location": "/api/v1/operations/7"}),
        httpx2.Response(200, json={"state": "refused", "command": "PlaceOrder", "problem": {}}),
    )

    with pytest.raises(DemoFailed, match="PlaceOrder was refused"):
        caller.command("/orders", {})


def test_an_error_answer_fails_the_demo_with_what_was_asked_and_what_came() -> None:
    caller = _caller(httpx2.Response(409, json={"title": "Insufficient funds"}))

    with pytest.raises(DemoFailed, match=r"POST /api/v1/orders answered 409: .*Insufficient"):
        caller.command("/orders", {})


def test_a_server_that_is_away_fails_the_demo() -> None:
    def away(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    with pytest.raises(DemoFailed, match="GET /users/me"):
        Caller("http://desk/api/v1", httpx2.MockTransport(away)).get("/users/me")
