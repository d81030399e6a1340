import pytest

from chat.application.stages.understand import understand
from chat.domain.message import Answer


def test_a_question_is_searched_for_on_one_line() -> None:
    assert understand("  When is the\n boathouse\topen? ") == "When is the boathouse open?"


def test_a_greeting_in_front_of_a_question_is_not_searched_for() -> None:
    assert understand("Hello there, when are you open?") == "when are you open?"
    assert understand("Hi! Good morning. What does a locker cost?") == "What does a locker cost?"


def test_a_word_that_only_begins_like_a_greeting_is_kept() -> None:
    assert understand("Hiking tours in June?") == "Hiking tours in June?"


def test_invisible_characters_and_wide_letters_are_made_plain() -> None:
    assert understand("\uff4fpening\u200b\x00 hours?") == "opening hours?"


def test_a_very_long_question_is_cut_to_what_can_be_searched() -> None:
    found = understand("boat " * 1_000)
    assert isinstance(found, str)
    assert len(found) == 500


@pytest.mark.parametrize(
    "content",
    ["Hello!", "hi", "Good evening", "Hey there, how are you?", "Thank you very much!", "ok thanks",
     "Bye", "good night", "Who are you?", "Can you help me?"],
)  # fmt: skip
def test_small_talk_is_answered_without_the_documents(content: str) -> None:
    reply = understand(content)
    assert isinstance(reply, Answer)
    assert not reply.requires_clarification
    assert not reply.offers_handoff
    assert (reply.model_used, reply.citations) == ("rules", ())


@pytest.mark.parametrize(
    "content",
    ["I would like to talk to a person", "can I speak to someone please?", "A human, please!",
     "I'd like to talk to a real person"],
)  # fmt: skip
def test_whoever_wants_a_person_is_offered_one(content: str) -> None:
    reply = understand(content)
    assert isinstance(reply, Answer)
    assert reply.offers_handoff


@pytest.mark.parametrize("content", ["???", "…", "How much?", "and when is it?", "hello, what"])
def test_what_says_nothing_to_search_for_is_asked_back(content: str) -> None:
    reply = understand(content)
    assert isinstance(reply, Answer)
    assert reply.requires_clarification
    assert reply.confidence == 0.0


@pytest.mark.parametrize("content", ["membership", "Person of the year", "Thank the captain how?"])
def test_few_words_are_a_question_if_one_of_them_means_something(content: str) -> None:
    assert understand(content) == content
