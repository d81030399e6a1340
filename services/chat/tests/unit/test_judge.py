import pytest
from services.chat.tests.fakes import a_passage

from chat.application.stages.judge import Evidence, judge
from chat.domain.message import Answer


def test_a_passage_like_the_question_in_words_and_meaning_is_evidence() -> None:
    passage = a_passage(similarity=0.6, term_overlap=0.8)
    assert judge([passage]) == Evidence((passage,), 0.7)


@pytest.mark.parametrize(("similarity", "term_overlap"), [(0.41, 0.18), (0.2, 0.0), (-0.3, 0.9)])
def test_too_little_of_both_is_an_honest_i_dont_know_that_offers_a_person(
    similarity: float, term_overlap: float
) -> None:
    verdict = judge([a_passage(similarity=similarity, term_overlap=term_overlap)])
    assert isinstance(verdict, Answer)
    assert "could not find" in verdict.content
    assert verdict.offers_handoff
    assert verdict.citations == ()
    assert verdict.confidence < 0.4


def test_without_any_passage_the_confidence_is_zero() -> None:
    verdict = judge([])
    assert isinstance(verdict, Answer)
    assert verdict.confidence == 0.0


def test_the_best_passages_come_first_and_far_weaker_ones_are_left_out() -> None:
    weak = a_passage(similarity=0.3, term_overlap=0.3)
    near = a_passage(similarity=0.5, term_overlap=0.8)
    best = a_passage(similarity=0.7, term_overlap=0.9)
    verdict = judge([weak, near, best])
    assert isinstance(verdict, Evidence)
    assert verdict.passages == (best, near)


def test_a_passage_that_would_not_do_alone_does_not_do_beside_another() -> None:
    too_weak = a_passage(similarity=0.3, term_overlap=0.4)
    best = a_passage(similarity=0.4, term_overlap=0.5)
    verdict = judge([too_weak, best])
    assert isinstance(verdict, Evidence)
    assert verdict.passages == (best,)


def test_confidence_stays_between_zero_and_one_whatever_the_search_says() -> None:
    verdict = judge([a_passage(similarity=1.2, term_overlap=1.4)])
    assert isinstance(verdict, Evidence)
    assert verdict.confidence == 1.0
