from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.domain.fusion import RankFusion

A, B, C = (UUID(int=number) for number in (1, 2, 3))
rankings = st.lists(st.uuids(), unique=True, max_size=20)


def test_what_both_rankings_agree_on_comes_first() -> None:
    fused = RankFusion().fuse(lexical=[A, C], dense=[B, C])

    assert next(iter(fused)) == C


def test_first_in_both_rankings_is_the_best_possible_score() -> None:
    assert RankFusion().fuse(lexical=[A, B], dense=[A, C])[A] == pytest.approx(1)


def test_between_two_first_places_the_lexical_one_wins() -> None:
    assert list(RankFusion().fuse(lexical=[A], dense=[B])) == [A, B]


@given(rankings, rankings)
def test_everything_found_has_a_score_and_the_best_comes_first(
    lexical: list[UUID], dense: list[UUID]
) -> None:
    fused = RankFusion().fuse(lexical, dense)

    assert fused.keys() == {*lexical, *dense}
    assert list(fused.values()) == sorted(fused.values(), reverse=True)
    assert all(0 < score <= 1.000001 for score in fused.values())
