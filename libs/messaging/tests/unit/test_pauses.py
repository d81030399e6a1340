from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from messaging.pauses import pause_s, pauses_s


@given(st.integers(1, 10_000), st.floats(0.01, 10), st.floats(0.01, 1_000))
def test_a_pause_lies_between_half_and_all_of_what_is_due(
    attempt: int, first_s: float, longest_s: float
) -> None:
    due_s = min(longest_s, first_s * 2 ** min(attempt - 1, 32))
    assert due_s / 2 <= pause_s(attempt, first_s=first_s, longest_s=longest_s) <= due_s


def test_pauses_grow_until_the_longest() -> None:
    pauses = list(islice(pauses_s(first_s=1, longest_s=8), 6))
    limits = [(0.5, 1), (1, 2), (2, 4), (4, 8), (4, 8), (4, 8)]
    for pause, (shortest, longest) in zip(pauses, limits, strict=True):
        assert shortest <= pause <= longest


def test_pauses_differ_so_that_those_who_wait_do_not_come_back_at_once() -> None:
    assert len({pause_s(1, first_s=1, longest_s=1) for _ in range(20)}) > 1
