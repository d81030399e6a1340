from hypothesis import given
from hypothesis import strategies as st

from ingest.domain.sentences import estimate_tokens, split_long, split_sentences


def test_sentences_end_at_their_marks() -> None:
    text = 'The room holds 80 people. Music ends at 23:00! "Why?" Because of the neighbours.'

    assert split_sentences(text) == [
        "The room holds 80 people.",
        "Music ends at 23:00!",
        '"Why?"',
        "Because of the neighbours.",
    ]


def test_abbreviations_numbers_and_addresses_do_not_end_a_sentence() -> None:
    text = "Ask Dr. Falk, e.g. Mondays at No. 5, or write to office@club.example for EUR 4.90."

    assert split_sentences(text) == [text]


def test_each_line_of_a_list_stands_for_itself() -> None:
    assert split_sentences("- green\n- red") == ["- green", "- red"]


@given(st.text(min_size=1), st.integers(2, 30))
def test_long_sentences_are_cut_into_bounded_pieces_without_losing_a_letter(
    text: str, most_tokens: int
) -> None:
    pieces = list(split_long(text, most_tokens))

    assert all(estimate_tokens(piece) <= most_tokens for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())
