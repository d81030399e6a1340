"""Stage 5: nothing is said that a document doesn't say. Nobody sees a statement before this."""

from collections.abc import AsyncIterator

from chat.application import replies
from chat.application.ports import AnswerStream, Statement
from chat.application.thresholds import LONGEST_QUOTE, SUPPORTED_SHARE
from chat.domain.message import Answer, Citation
from chat.domain.words import content_stems, numbers


async def ground(
    statements: AsyncIterator[Statement],
    *,
    model_used: str,
    confidence: float,
    stream: AnswerStream,
) -> Answer:
    """The statements that hold, each with its citation's number, streamed as they pass.

    If none holds, the answer is "I don't know".
    """
    parts: list[str] = []
    citations: list[Citation] = []
    async for statement in statements:
        if not is_grounded(statement):
            continue
        citation = _citation(statement)
        if citation not in citations:
            citations.append(citation)
        part = f"{statement.text} [{citations.index(citation) + 1}]"
        await stream.send(f" {part}" if parts else part)
        parts.append(part)
    if not parts:
        answer = replies.dont_know(model_used, confidence=0.0)
        await stream.send(answer.content)
        return answer
    return Answer(
        content=" ".join(parts),
        model_used=model_used,
        confidence=confidence,
        citations=tuple(citations),
    )


def is_grounded(statement: Statement) -> bool:
    """Is the quote the passage's own, and has it the statement's numbers and most of its words?"""
    quote = statement.quote
    if not quote or len(quote) > LONGEST_QUOTE or quote not in statement.passage.text:
        return False
    if not numbers(statement.text) <= numbers(quote):
        return False
    said, quoted = content_stems(statement.text), set(content_stems(quote))
    return sum(word in quoted for word in said) >= SUPPORTED_SHARE * len(said)


def _citation(statement: Statement) -> Citation:
    passage = statement.passage
    return Citation(
        document_id=passage.document_id,
        title=passage.title,
        page=passage.page,
        quote=statement.quote,
    )
