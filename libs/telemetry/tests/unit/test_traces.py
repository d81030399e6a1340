import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.traces import child_of

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
FORM = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]")


def test_a_child_keeps_the_trace_and_the_flags_and_has_a_span_of_its_own() -> None:
    version, trace, span, flags = child_of(PARENT).split("-")
    assert (version, trace, flags) == ("00", "0af7651916cd43dd8448eb211c80319c", "00")
    assert span != "b7ad6b7169203331"


@pytest.mark.parametrize(
    "malformed",
    [
        None,
        "",
        PARENT.upper(),
        PARENT + "-more",
        PARENT + "\n",
        PARENT.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32),
        PARENT.replace("b7ad6b7169203331", "0" * 16),
        "ff" + PARENT[2:],
    ],
)
def test_without_a_sound_parent_a_new_trace_begins(malformed: str | None) -> None:
    child = child_of(malformed)
    assert FORM.fullmatch(child)
    assert child.split("-")[1] != PARENT.split("-")[1]


@given(st.text(max_size=60))
def test_whatever_a_client_sends_the_child_is_well_formed(text: str) -> None:
    assert FORM.fullmatch(child_of(text))
