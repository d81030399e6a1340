from pathlib import Path

import pytest

from stack.cli import main
from stack.errors import StackError
from stack.layout import Layout
from stack.logs import choose, follow, last_lines
from stack.processes import rotate_log


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout.at(tmp_path)
    layout.create()
    layout.log_of("auth").write_text("one\ntwo\nthree\n")
    layout.log_of("chat").write_text("four\n")
    return layout


def test_the_last_lines_of_each_log_bear_its_name(layout: Layout) -> None:
    assert list(last_lines(choose(layout, None), lines=2)) == [
        "auth     | two",
        "auth     | three",
        "chat     | four",
    ]


def test_the_log_of_one_process_alone(layout: Layout) -> None:
    assert list(last_lines(choose(layout, "chat"), lines=9)) == ["chat     | four"]


def test_a_log_that_is_not_there_is_refused_with_those_that_are(layout: Layout) -> None:
    with pytest.raises(StackError, match=r"no log of '\.\./secrets'.* auth, chat"):
        choose(layout, "../secrets")


def test_following_tells_whole_lines_written_later_also_after_a_new_start(layout: Layout) -> None:
    auth = layout.log_of("auth")
    lines = follow([auth])
    with auth.open("a") as log:
        log.write("five\nhalf of si")
        log.flush()
        assert next(lines) == "auth     | five"
        log.write("x\n")
    assert next(lines) == "auth     | half of six"

    rotate_log(layout, "auth")
    auth.write_text("a new run\n")

    assert next(lines) == "auth     | a new run"


def test_a_start_keeps_one_earlier_run(layout: Layout) -> None:
    rotate_log(layout, "auth")
    layout.log_of("auth").write_text("second run\n")
    rotate_log(layout, "auth")

    assert not layout.log_of("auth").exists()
    assert [path.name for path in sorted(layout.logs.glob("auth*"))] == ["auth.log.1"]
    assert (layout.logs / "auth.log.1").read_text() == "second run\n"


def test_logs_before_the_first_start_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["logs", "--follow", "--data-dir", str(tmp_path / "var")]) == 0
    assert capsys.readouterr().out == "There are no logs yet.\n"

    assert main(["logs", "ledger", "--data-dir", str(tmp_path / "var")]) == 1
    assert capsys.readouterr().err == "There are no logs yet.\n"


def test_what_the_loader_says_about_an_older_c_library_is_left_out(layout: Layout) -> None:
    loader = "/noida-db: /libc.so.6: weak version `GLIBC_2.39' not found (required by /noida-db)"
    broker = layout.log_of("broker")
    broker.write_text(f"{loader}\n")
    lines = follow([broker])
    with broker.open("a") as log:
        log.write(f"{loader}\nversion `GLIBC_2.39' not found\n")

    assert next(lines) == "broker   | version `GLIBC_2.39' not found"
    assert list(last_lines([broker], lines=2)) == ["broker   | version `GLIBC_2.39' not found"]
