"""Stage 2: what the documents have to say about it."""

from collections.abc import Sequence

from chat.application.ports import Documents
from chat.application.thresholds import PASSAGES_SEARCHED
from contracts.ingest import Passage


async def retrieve(question: str, documents: Documents) -> Sequence[Passage]:
    """The best passages first; none when nothing resembles the question. Raises DocumentsAway."""
    return await documents.search(question, limit=PASSAGES_SEARCHED)
