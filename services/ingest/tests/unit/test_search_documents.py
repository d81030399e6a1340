from collections.abc import Mapping, Sequence
from uuid import UUID

from services.ingest.tests.unit.conftest import Desk
from services.ingest.tests.unit.fakes import FakeEmbedder

from contracts.ingest import DocumentView
from contracts.paging import Page
from ingest.application.search_documents import SearchDocuments
from ingest.domain.chunks import Chunk


class DeskReads:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def document(self, document_id: UUID) -> DocumentView:
        raise AssertionError("search reads no document")

    async def documents(self, *, limit: int, after: str | None) -> Page[DocumentView]:
        raise AssertionError("search lists no documents")

    async def content_hash(self, document_id: UUID) -> str | None:
        raise AssertionError("search needs no hash")

    async def passages(self, chunk_ids: Sequence[UUID]) -> Mapping[UUID, Chunk]:
        stored = [chunk for chunks in self._desk.shelf.chunks.values() for chunk in chunks]
        return {chunk.id: chunk for chunk in stored if chunk.id in chunk_ids}


def search_of(desk: Desk) -> SearchDocuments:
    return SearchDocuments(embedder=FakeEmbedder(), index=desk.index, reads=DeskReads(desk))


async def test_a_passage_says_where_it_stands_and_how_well_it_fits(desk: Desk) -> None:
    command = desk.upload(b"Open at six.")
    await desk.ingest(command)

    (passage,) = (await search_of(desk)("when?", 5)).items

    assert (passage.document_id, passage.title, passage.text) == (
        command.document_id,
        "Hours",
        "Open at six.",
    )
    assert (passage.score, passage.similarity, passage.term_overlap) == (1, 0.5, 0.25)


async def test_a_hit_that_the_store_no_longer_knows_is_not_shown(desk: Desk) -> None:
    gone, kept = desk.upload(b"gone"), desk.upload(b"kept")
    await desk.ingest(gone)
    await desk.ingest(kept)
    del desk.shelf.chunks[gone.document_id]

    found = (await search_of(desk)("what?", 5)).items

    assert [passage.text for passage in found] == ["kept"]
