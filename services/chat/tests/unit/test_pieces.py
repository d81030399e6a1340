from hypothesis import given, settings
from hypothesis import strategies as st

from chat.domain.pieces import pieces_of


def test_a_text_comes_a_few_words_at_a_time() -> None:
    assert pieces_of("It is open from 7:00 to 18:00. [1]") == [
        "It is open from",
        " 7:00 to 18:00. [1]",
    ]


@settings(deadline=None)
@given(st.text())
def test_the_pieces_joined_are_the_text(text: str) -> None:
    assert "".join(pieces_of(text)) == text
