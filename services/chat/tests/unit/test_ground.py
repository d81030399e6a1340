from collections.abc import AsyncIterator

import pytest
from services.chat.tests.fakes import RecordingStream, a_passage

from chat.application.ports import Statement
from chat.application.stages.ground import ground, is_grounded
from chat.domain.message import Answer

PASSAGE = a_passage(
    "The course costs EUR 1,200 and takes 8 weeks. It starts in June. " + "More words. " * 40
)
COSTS = "The course costs EUR 1,200 and takes 8 weeks."


def said(text: str, quote: str = COSTS) -> Statement:
    return Statement(text=text, passage=PASSAGE, quote=quote)


async def grounded(*statements: Statement) -> tuple[Answer, RecordingStream]:
    async def as_they_come() -> AsyncIterator[Statement]:
        for statement in statements:
            yield statement

    stream = RecordingStream()
    answer = await ground(as_they_come(), model_used="fake", confidence=0.8, stream=stream)
    return answer, stream


async def test_each_statement_carries_the_number_of_its_citation() -> None:
    answer, _ = await grounded(
        said(COSTS), said("It starts in June.", "It starts in June."), said("It costs EUR 1200.")
    )
    assert answer.content == f"{COSTS} [1] It starts in June. [2] It costs EUR 1200. [1]"
    assert [citation.quote for citation in answer.citations] == [COSTS, "It starts in June."]
    assert (answer.citations[0].title, answer.citations[0].page) == ("Handbook", 1)
    assert (answer.model_used, answer.confidence) == ("fake", 0.8)
    assert not answer.offers_handoff


async def test_what_was_streamed_is_the_answer() -> None:
    answer, stream = await grounded(said(COSTS), said("It starts in June.", "It starts in June."))
    assert len(stream.pieces) == 2
    assert stream.text == answer.content


async def test_a_statement_that_does_not_hold_is_dropped_and_never_shown() -> None:
    answer, stream = await grounded(said("The course costs EUR 900."), said(COSTS))
    assert answer.content == f"{COSTS} [1]"
    assert "900" not in stream.text


async def test_if_nothing_holds_the_answer_is_i_dont_know() -> None:
    answer, stream = await grounded(said("The course costs EUR 900."))
    assert answer.offers_handoff
    assert (answer.citations, answer.confidence, answer.model_used) == ((), 0.0, "fake")
    assert stream.text == answer.content


async def test_a_model_that_says_nothing_does_not_know() -> None:
    answer, _ = await grounded()
    assert answer.offers_handoff


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        (COSTS, ""),
        (COSTS, "The course costs EUR 1,200 and takes 8 weeks!"),
        ("The course takes 9 weeks.", COSTS),
        ("Weeks 8 at 14:00.", COSTS),
        ("Every lesson ends with a warm meal and takes weeks.", COSTS),
        ("More words.", PASSAGE.text[66:400]),
    ],
    ids=["no quote", "not verbatim", "another number", "a time", "invented", "endless quote"],
)
def test_a_statement_needs_a_short_verbatim_quote_that_says_so(text: str, quote: str) -> None:
    assert not is_grounded(said(text, quote))


def test_a_statement_may_put_its_quote_in_other_words_and_other_digits() -> None:
    assert is_grounded(said("Taking 8 weeks, the course costs 1200."))
