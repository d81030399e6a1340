from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from services.chat.tests.fakes import a_passage

from chat.adapters.extractive import ExtractiveModel
from chat.application.ports import Statement
from chat.application.stages.ground import is_grounded
from contracts.ingest import Passage

HOURS = a_passage(
    "The hall is open from 6:00 to 21:00 on weekdays and from 7:00 to 18:00 on Saturdays and "
    "Sundays. The office is staffed on Tuesdays from 16:00 to 19:00.\n\n"
    "The hall is closed on 25 December.",
    heading="Opening hours",
)
FEES = a_passage(
    "Annual fees\n\n- Adult membership costs EUR 360 a year.\n- Student membership costs EUR 190 "
    "a year.\n\nFees are due within 30 days.\n\nGuests\n\nA guest day costs EUR 12.",
    heading="Membership",
    page=2,
)


async def ask(question: str, *passages: Passage) -> list[Statement]:
    return [statement async for statement in ExtractiveModel().answer(question, passages)]


async def texts(question: str, *passages: Passage) -> Sequence[str]:
    return [statement.text for statement in await ask(question, *passages)]


async def test_the_sentence_with_the_words_of_the_question_answers() -> None:
    answer = await ask("When is the hall closed?", HOURS, FEES)
    assert answer[0].text == "The hall is closed on 25 December."
    assert answer[0].passage == HOURS


async def test_an_item_of_a_list_is_quoted_without_its_mark() -> None:
    answer = await ask("How much is the membership of a student?", FEES)
    assert answer[0].text == "Student membership costs EUR 190 a year."
    assert answer[0].quote == answer[0].text


async def test_another_form_of_the_same_word_counts() -> None:
    passage = a_passage("Nobody may row here. Whoever cancels late pays EUR 8.")
    assert (await texts("What if I am cancelling late?", passage))[0] == (
        "Whoever cancels late pays EUR 8."
    )


async def test_a_day_within_weekdays_is_answered_by_the_hours_of_weekdays() -> None:
    passage = a_passage("Open from 7:00 to 9:00 on Sundays.\n\nOpen from 6:00 to 8:00 on weekdays.")
    assert (await texts("When is it open on Wednesday?", passage))[0] == (
        "Open from 6:00 to 8:00 on weekdays."
    )


async def test_a_question_for_an_amount_prefers_the_sentence_that_has_one() -> None:
    popular = a_passage("The guest day is popular.")
    costs = a_passage("The guest day costs EUR 12.")
    answer = await texts("How much is a guest day?", popular, costs)
    assert answer[0] == "The guest day costs EUR 12."


async def test_the_heading_above_a_sentence_speaks_for_it() -> None:
    passage = a_passage(
        "Bicycles\n\nThey stand in the yard.\n\nDogs\n\nThey are welcome on a lead.", heading="Yard"
    )
    assert await texts("May I bring dogs?", passage) == ["They are welcome on a lead."]


async def test_a_sentence_that_leans_on_the_one_before_brings_it_along() -> None:
    passage = a_passage("The sculling course is fun. It costs EUR 140 for five lessons.")
    assert await texts("What do five lessons cost?", passage) == [passage.text]


async def test_at_most_three_sentences_answer() -> None:
    passage = a_passage("\n".join(f"- Boat number {n} is a boat." for n in range(10)))
    assert len(await ask("Which boat?", passage)) == 3


async def test_a_sentence_too_long_to_quote_is_cut_between_words_around_what_was_asked() -> None:
    passage = a_passage("before " * 60 + "the lighthouse burns " + "after " * 60 + "end.")
    (statement,) = await ask("Where is the lighthouse?", passage)
    assert "lighthouse" in statement.quote
    assert len(statement.quote) <= 300
    assert statement.text == f"… {statement.quote} …"
    assert is_grounded(statement)


async def test_a_passage_without_a_sentence_says_nothing() -> None:
    assert await ask("When?", a_passage(" \n\n ")) == []
    assert await ask("When?") == []


@settings(deadline=None)
@given(st.text(), st.lists(st.text(min_size=1), min_size=1, max_size=3))
async def test_whatever_it_picks_is_grounded_in_its_passage(
    question: str, contents: list[str]
) -> None:
    for statement in await ask(question, *map(a_passage, contents)):
        assert is_grounded(statement)
