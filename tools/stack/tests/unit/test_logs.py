from pathlib import Path

import pytest

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
