import time
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from contracts.ids import derived_id, new_id


def milliseconds() -> int:
    return time.time_ns() // 1_000_000


def made_in(id: UUID) -> int:
    return id.int >> 80


def test_an_id_carries_the_millisecond_in_which_it_was_made() -> None:
    before = milliseconds()
    made = new_id()
    assert made.version == 7
    assert before <= made_in(made) <= milliseconds()


def test_ids_made_later_sort_later_as_values_and_as_text() -> None:
    ids = [new_id()]
    while len(ids) < 5:
        if milliseconds() > made_in(ids[-1]):
            ids.append(new_id())
    assert ids == sorted(ids)
    assert [str(one) for one in ids] == sorted(str(one) for one in ids)


def test_ids_are_not_repeated() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000


@given(st.lists(st.text(max_size=5), max_size=4))
def test_the_same_parts_always_derive_the_same_id(parts: list[str]) -> None:
    assert derived_id(*parts) == derived_id(*parts)
    assert derived_id(*parts).version == 5


def test_where_one_part_ends_and_the_next_begins_makes_a_difference() -> None:
    assert derived_id("ab", "c") != derived_id("a", "bc")
