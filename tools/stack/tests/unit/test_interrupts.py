import os
import signal
from collections.abc import Iterator

import pytest

from stack.interrupts import interrupts_ignored, terminate_like_interrupt


@pytest.fixture(autouse=True)
def _handlers_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_request_to_end_unwinds_like_ctrl_c() -> None:
    terminate_like_interrupt()

    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_cleaning_up_is_not_cut_short(number: signal.Signals) -> None:
    terminate_like_interrupt()
    cleaned_up = False

    with interrupts_ignored():
        os.kill(os.getpid(), number)
        cleaned_up = True

    assert cleaned_up
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), number)
