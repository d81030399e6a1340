"""Stage 4: what the model says to that."""

from collections.abc import AsyncIterator

from chat.application.ports import LanguageModel, Statement
from chat.application.stages.judge import Evidence
from chat.application.thresholds import MOST_STATEMENTS


async def compose(
    question: str, evidence: Evidence, model: LanguageModel
) -> AsyncIterator[Statement]:
    """At most MOST_STATEMENTS statements, as they come."""
    count = 0
    async for statement in model.answer(question, evidence.passages):
        yield statement
        count += 1
        if count == MOST_STATEMENTS:
            return
