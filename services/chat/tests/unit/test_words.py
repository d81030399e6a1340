import pytest

from chat.domain.words import content_stems, numbers


@pytest.mark.parametrize(
    "forms",
    ["cancel cancels cancelled cancelling", "boat boats", "booking booked books", "fee fees",
     "city cities", "price priced prices", "class classes", "stop stopped stopping",
     "café CAFE cafés", "member's members"],
)  # fmt: skip
def test_forms_of_one_word_have_one_stem(forms: str) -> None:
    assert len(content_stems(forms)) == 1


@pytest.mark.parametrize(
    "words", ["bus buy", "glass gas", "sing single", "bed bee", "member membership", "this thing"]
)
def test_short_and_unlike_words_stay_apart(words: str) -> None:
    assert len(set(content_stems(words))) == len([w for w in words.split() if w != "this"])


def test_words_that_only_ask_carry_no_meaning() -> None:
    assert content_stems("How much is it, and when would you like that, please?") == []


def test_each_word_counts_once_in_the_order_of_the_text() -> None:
    assert content_stems("boats and oars and boats") == ["boat", "oar"]


def test_numbers_keep_their_times_and_decimals_and_lose_their_thousands() -> None:
    assert numbers("From 7:00 to 18:30, EUR 1,200 or 4.90, on 25.") == {
        "7:00", "18:30", "1200", "4.90", "25",
    }  # fmt: skip
