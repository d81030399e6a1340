"""The questions of samples/README.md, through parser, chunks, embeddings and index."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from ingest.adapters.minilm import MiniLmEmbedder
from ingest.adapters.parsing import SubprocessParser
from ingest.adapters.qdrant_edge_index import QdrantEdgeIndex
from ingest.application.ports import IndexHit
from ingest.domain.chunking import chunk_document
from ingest.domain.chunks import Chunk

_ROW = re.compile(
    r"^\| (?P<question>[^|]+\?) \|(?: `(?P<file>[\w.-]+)`(?:, page (?P<page>\d+))? \|)?"
)


@dataclass
class Library:
    index: QdrantEdgeIndex
    embedder: MiniLmEmbedder
    files: dict[UUID, str]
    chunks: dict[UUID, Chunk]

    async def ask(self, question: str) -> list[IndexHit]:
        vectors = await self.embedder.embed([question])
        return await self.index.search(question, vectors[0], limit=5)


@pytest.fixture
async def library(
    embedder: MiniLmEmbedder, samples: Path, tmp_path: Path
) -> AsyncIterator[Library]:
    found = Library(QdrantEdgeIndex(tmp_path, embedder.model), embedder, {}, {})
    for number, name in enumerate(("handbook.pdf", "shop-and-returns.md")):
        document_id = UUID(int=number)
        parsed = await SubprocessParser().parse((samples / name).read_bytes())
        chunks = chunk_document(document_id, Path(name).stem, parsed.pages)
        vectors = await embedder.embed([chunk.searchable_text for chunk in chunks])
        await found.index.put(document_id, chunks, vectors)
        found.files[document_id] = name
        found.chunks |= {chunk.id: chunk for chunk in chunks}
    yield found
    await found.index.close()


async def test_each_question_finds_the_page_that_answers_it(
    library: Library, samples: Path
) -> None:
    answered, _ = read_questions(samples)
    assert len(answered) == 10

    for question, file, page in answered:
        best, *_ = await library.ask(question)
        place = (library.files[best.document_id], library.chunks[best.chunk_id].page)
        assert place == (file, page), question


async def test_questions_without_an_answer_score_below_those_with_one(
    library: Library, samples: Path
) -> None:
    answered, unanswered = read_questions(samples)
    assert len(unanswered) == 4

    strengths = [strength((await library.ask(question))[0]) for question, _, _ in answered]
    weaknesses = [strength((await library.ask(question))[0]) for question in unanswered]

    assert min(strengths) > max(weaknesses)


def strength(hit: IndexHit) -> float:
    return hit.similarity + hit.term_overlap


def read_questions(samples: Path) -> tuple[list[tuple[str, str, int | None]], list[str]]:
    answered: list[tuple[str, str, int | None]] = []
    unanswered: list[str] = []
    for row in filter(None, map(_ROW.match, (samples / "README.md").read_text().splitlines())):
        if row["file"]:
            answered.append(
                (row["question"], row["file"], int(row["page"]) if row["page"] else None)
            )
        else:
            unanswered.append(row["question"])
    return answered, unanswered
