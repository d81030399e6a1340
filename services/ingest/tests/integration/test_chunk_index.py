"""What every index of chunks has to do, and what this one does when its process or files die."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from ingest.adapters.qdrant_edge_index import IndexInUse, QdrantEdgeIndex
from ingest.application.ports import ChunkIndex, Vectors
from ingest.domain.chunking import chunk_document
from ingest.domain.chunks import Chunk
from ingest.domain.parsed import Block, Page

BOATS, FEES = UUID(int=1), UUID(int=2)
MODEL = "test-model"


def chunks_of(document_id: UUID, *texts: str) -> list[Chunk]:
    pages = [Page(number, (Block(text),)) for number, text in enumerate(texts, start=1)]
    return chunk_document(document_id, "Club", pages)


def towards(*directions: int) -> Vectors:
    """One vector a direction; different directions have nothing in common."""
    return np.eye(384, dtype=np.float32)[list(directions)]


@pytest.fixture
async def index(tmp_path: Path) -> AsyncIterator[ChunkIndex]:
    opened = QdrantEdgeIndex(tmp_path / "index", MODEL)
    yield opened
    await opened.close()


async def test_words_and_meaning_find_the_same_chunk_with_full_scores(index: ChunkIndex) -> None:
    boats = chunks_of(BOATS, "Boats are booked seven days ahead.", "A kayak needs no booking.")
    await index.put(BOATS, boats, towards(0, 1))
    await index.put(FEES, chunks_of(FEES, "Adults pay 360 euros."), towards(2))

    best, *_ = await index.search("How are boats booked?", towards(0)[0], limit=5)

    assert (best.chunk_id, best.document_id) == (boats[0].id, BOATS)
    assert best.score == pytest.approx(1)
    assert best.similarity == pytest.approx(1)
    assert best.term_overlap == pytest.approx(1)
    assert best.bm25 > 0


async def test_a_chunk_found_by_meaning_alone_has_no_lexical_score(index: ChunkIndex) -> None:
    await index.put(BOATS, chunks_of(BOATS, "Vessels are reserved online."), towards(0))

    (hit,) = await index.search("How do I get hold of a boat?", towards(0)[0], limit=5)

    assert hit.similarity == pytest.approx(1)
    assert (hit.bm25, hit.term_overlap) == (0, 0)


async def test_a_chunk_found_by_words_alone_still_has_its_similarity(index: ChunkIndex) -> None:
    near = [f"unrelated matter {number}" for number in range(60)]
    await index.put(FEES, chunks_of(FEES, *near), towards(*[5] * 60))
    boats = chunks_of(BOATS, "A kayak needs no booking.")
    await index.put(BOATS, boats, (towards(5) + 3 * towards(6)) / np.sqrt(10, dtype=np.float32))

    hits = await index.search("kayak", towards(5)[0], limit=3)

    assert hits[0].chunk_id == boats[0].id
    assert hits[0].similarity == pytest.approx(1 / 10**0.5, abs=1e-4)


async def test_a_rare_word_counts_for_more_of_the_overlap_than_a_frequent_one(
    index: ChunkIndex,
) -> None:
    texts = ["The boat is green.", "The boat is red.", "The boat is old.", "A sauna is warm."]
    chunks = chunks_of(BOATS, *texts)
    await index.put(BOATS, chunks, towards(0, 1, 2, 3))

    hits = await index.search("boat sauna", towards(9)[0], limit=4)

    overlap = {hit.chunk_id: hit.term_overlap for hit in hits}
    assert overlap[chunks[3].id] > 0.5 > overlap[chunks[0].id] > 0


async def test_a_question_of_stop_words_is_answered_by_meaning(index: ChunkIndex) -> None:
    chunks = chunks_of(BOATS, "first", "second")
    await index.put(BOATS, chunks, towards(0, 1))

    best, *_ = await index.search("what is it and how?", towards(1)[0], limit=5)

    assert best.chunk_id == chunks[1].id


async def test_an_empty_index_finds_nothing(index: ChunkIndex) -> None:
    assert await index.search("boats", towards(0)[0], limit=5) == []
    assert await index.chunk_counts() == {}


async def test_putting_a_document_again_replaces_its_chunks(index: ChunkIndex) -> None:
    await index.put(BOATS, chunks_of(BOATS, "one", "two", "three"), towards(0, 1, 2))
    await index.put(FEES, chunks_of(FEES, "fee"), towards(3))

    await index.put(BOATS, chunks_of(BOATS, "another"), towards(7))

    assert await index.chunk_counts() == {BOATS: 1, FEES: 1}
    assert await index.search("two", towards(7)[0], limit=5)
    assert (await index.search("another", towards(7)[0], limit=5))[0].similarity > 0.99


async def test_a_removed_document_is_found_no_more(index: ChunkIndex) -> None:
    await index.put(BOATS, chunks_of(BOATS, "boats"), towards(0))
    await index.put(FEES, chunks_of(FEES, "fees"), towards(1))

    await index.remove(BOATS)
    await index.remove(BOATS)

    assert await index.chunk_counts() == {FEES: 1}
    hits = await index.search("boats", towards(0)[0], limit=5)
    assert {hit.document_id for hit in hits} == {FEES}


async def test_an_index_opened_again_holds_what_was_put(tmp_path: Path) -> None:
    first = QdrantEdgeIndex(tmp_path, MODEL)
    await first.put(BOATS, chunks_of(BOATS, "boats"), towards(0))
    await first.close()

    second = QdrantEdgeIndex(tmp_path, MODEL)

    assert await second.chunk_counts() == {BOATS: 1}
    await second.close()


async def test_an_index_made_for_another_model_starts_empty(tmp_path: Path) -> None:
    first = QdrantEdgeIndex(tmp_path, MODEL)
    await first.put(BOATS, chunks_of(BOATS, "boats"), towards(0))
    await first.close()

    second = QdrantEdgeIndex(tmp_path, "another-model")

    assert await second.chunk_counts() == {}
    await second.close()


async def test_a_second_process_is_told_that_the_index_is_in_use(tmp_path: Path) -> None:
    first = QdrantEdgeIndex(tmp_path, MODEL)

    with pytest.raises(IndexInUse):
        QdrantEdgeIndex(tmp_path, MODEL)

    await first.close()


async def test_an_index_whose_files_are_spoilt_starts_empty_and_can_be_filled(
    tmp_path: Path,
) -> None:
    first = QdrantEdgeIndex(tmp_path, MODEL)
    await first.put(BOATS, chunks_of(BOATS, "boats"), towards(0))
    await first.close()
    (tmp_path / "shard" / "edge_config.json").write_text("{")

    second = QdrantEdgeIndex(tmp_path, MODEL)
    assert await second.chunk_counts() == {}
    await second.put(BOATS, chunks_of(BOATS, "boats"), towards(0))

    assert await second.chunk_counts() == {BOATS: 1}
    await second.close()


async def test_what_was_put_survives_the_killing_of_its_process(tmp_path: Path) -> None:
    writer = Path(__file__).parent / "index_writer.py"
    process = await asyncio.create_subprocess_exec(
        sys.executable, writer, tmp_path, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    while int(await process.stdout.readline()) < 25:
        pass
    process.kill()
    rest = (await process.communicate())[0].split()
    acknowledged = int(rest[-1]) if rest else 25

    index = QdrantEdgeIndex(tmp_path, embedding_model="test")
    counts = await index.chunk_counts()
    await index.close()

    assert {UUID(int=number): 3 for number in range(1, acknowledged + 1)}.items() <= counts.items()
