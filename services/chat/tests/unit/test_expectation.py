import pytest

from chat.domain.expectation import expected_in


@pytest.mark.parametrize(
    ("question", "answer", "another"),
    [
        ("How much is it?", "It costs EUR 12.", "It costs nothing like that."),
        ("What is the price?", "It is free.", "It has 12 lessons."),
        ("How long does it take?", "3 to 5 working days", "on 5 May"),
        ("How far ahead can I book?", "at most two weeks ahead", "ahead of others"),
        ("How many boats?", "The club owns 38 boats.", "The club owns boats."),
        ("How many rooms?", "There are four.", "There are some."),
        ("When is it open?", "from 7:00", "for members"),
        ("Until when can I cancel?", "by 28 February", "in writing"),
        ("Who runs it?", "Priya Menon runs it.", "Somebody runs it."),
        ("Where is it?", "beside the stairs", "12 metres tall"),
    ],
)
def test_a_question_expects_a_fact_of_its_kind(question: str, answer: str, another: str) -> None:
    expected = expected_in(question)
    assert expected
    assert expected.search(answer)
    assert not expected.search(another)


def test_a_question_of_no_kind_expects_nothing_special() -> None:
    assert expected_in("May dogs come along?") is None
