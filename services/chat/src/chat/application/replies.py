"""What the assistant says without asking the documents."""

from typing import Final

from chat.domain.message import Answer

RULES: Final = "rules"
"""Stands for the model where a rule has written the text."""


def greeting() -> Answer:
    return _said("Hello! Ask me anything that our documents may answer.")


def thanks() -> Answer:
    return _said("You're welcome. Is there anything else you would like to know?")


def farewell() -> Answer:
    return _said("Goodbye! Come back whenever you have a question.")


def introduction() -> Answer:
    return _said(
        "I am the assistant here. I answer from our documents and show where each answer stands; "
        "what they don't say, I can pass on to a person."
    )


def person_offered() -> Answer:
    return _said("Shall I pass you on to a person?", offers_handoff=True)


def clarification() -> Answer:
    return Answer(
        content="I am not sure what you would like to know. Could you say it in a few more words?",
        model_used=RULES,
        confidence=0.0,
        requires_clarification=True,
    )


def dont_know(model_used: str, confidence: float) -> Answer:
    return Answer(
        content="I could not find that in our documents. Shall I pass you on to a person?",
        model_used=model_used,
        confidence=confidence,
        offers_handoff=True,
    )


def _said(content: str, *, offers_handoff: bool = False) -> Answer:
    return Answer(content=content, model_used=RULES, confidence=1.0, offers_handoff=offers_handoff)
