from hypothesis import given, settings
from hypothesis import strategies as st

from chat.domain.sentences import split_sentences


def texts(passage: str) -> list[str]:
    return [sentence.text for sentence in split_sentences(passage)]


def test_sentences_end_at_their_marks_and_not_at_abbreviations_or_decimals() -> None:
    assert texts('Ask Dr. Brandt, e.g. Daniel. It costs EUR 4.90. "Really?" Yes!') == [
        "Ask Dr. Brandt, e.g. Daniel.",
        "It costs EUR 4.90.",
        '"Really?"',
        "Yes!",
    ]


def test_items_and_rows_are_sentences_of_their_own() -> None:
    assert texts("- One boat\n2. Two boats\nPost: Cost free; Time 3 days") == [
        "One boat",
        "Two boats",
        "Post: Cost free; Time 3 days",
    ]


def test_a_line_that_stands_alone_is_the_heading_of_what_follows() -> None:
    sentences = split_sentences("First.\n\nLife jackets\n\nJuniors wear one. Adults may.")
    assert [(each.heading, each.text) for each in sentences] == [
        ("", "First."),
        ("Life jackets", "Juniors wear one."),
        ("Life jackets", "Adults may."),
    ]


def test_a_last_line_without_a_mark_is_no_heading() -> None:
    assert texts("First.\n\nand the rest") == ["First.", "and the rest"]


def test_a_sentence_that_begins_with_a_pronoun_leans_on_the_one_before() -> None:
    first, second, third = split_sentences("The suit is red. It runs small. Italy won.")
    assert second.leans_on_the_one_before
    assert not first.leans_on_the_one_before
    assert not third.leans_on_the_one_before


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("Ab. \n-1!?…“”")))
def test_every_sentence_is_verbatim_at_its_place_and_in_order(passage: str) -> None:
    end = 0
    for sentence in split_sentences(passage):
        assert passage[sentence.start : sentence.end] == sentence.text != ""
        assert sentence.start >= end
        end = sentence.end
