from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from services.ingest.tests.integration.bench import IngestBench, chunks_of, new_document
from sqlalchemy import Insert, insert
from sqlalchemy.exc import IntegrityError

from contracts.ids import new_id
from ingest.adapters.sql import SqlDocuments
from ingest.adapters.tables import delivery
from ingest.domain.documents import Document, DocumentStatus
from ingest.domain.refusals import DocumentNotFound, Unreadable
from storage.pages import BadCursor
from storage.versions import StaleVersion


@asynccontextmanager
async def documents(ingest: IngestBench) -> AsyncIterator[SqlDocuments]:
    async with ingest.bench.delivery.db.write() as connection:
        yield SqlDocuments(connection)


async def stored(ingest: IngestBench, document: Document, *texts: str) -> UUID:
    """A processed document with those chunks."""
    chunks = chunks_of(document, *texts)
    async with documents(ingest) as store:
        await store.add(document)
        document.finish(page_count=len(texts), chunk_count=len(chunks), embedding_model="words")
        await store.save(document)
        await store.put_chunks(document.id, chunks)
    return document.id


async def test_a_document_is_read_as_it_was_saved(ingest: IngestBench) -> None:
    document = new_document()
    async with documents(ingest) as store:
        await store.add(document)
        document.fail(Unreadable.ENCRYPTED)
        await store.save(document)

    async with documents(ingest) as store:
        assert await store.get(document.id) == document


async def test_an_unknown_document_is_not_found(ingest: IngestBench) -> None:
    async with documents(ingest) as store:
        assert await store.find(new_id()) is None
        with pytest.raises(DocumentNotFound):
            await store.get(new_id())
    with pytest.raises(DocumentNotFound):
        await ingest.reads.document(new_id())


async def test_a_document_changed_since_it_was_read_is_not_overwritten(ingest: IngestBench) -> None:
    document = new_document()
    async with documents(ingest) as store:
        await store.add(document)
        store._read_versions[document.id] = 7
        with pytest.raises(StaleVersion):
            await store.save(document)


async def test_only_a_processed_document_counts_as_having_a_content(ingest: IngestBench) -> None:
    document = new_document(content_hash="a" * 64)
    async with documents(ingest) as store:
        await store.add(document)
        assert await store.processed_with("a" * 64) is None

    document_id = await stored(ingest, new_document(content_hash="a" * 64), "Open at six.")

    async with documents(ingest) as store:
        assert await store.processed_with("a" * 64) == document_id


async def test_the_store_itself_refuses_a_second_processed_document_of_one_content(
    ingest: IngestBench,
) -> None:
    await stored(ingest, new_document(content_hash="a" * 64), "Open at six.")

    with pytest.raises(IntegrityError):
        await stored(ingest, new_document(content_hash="a" * 64), "Open at six.")


async def test_chunks_are_read_in_order_as_they_were_put(ingest: IngestBench) -> None:
    document = new_document()
    document_id = await stored(ingest, document, "Open at six.", "Closed at nine.")

    chunks = await ingest.upkeep.chunks(document_id)

    assert chunks == chunks_of(document, "Open at six.", "Closed at nine.")
    assert chunks[0].heading_path == ("Hours",)
    assert await ingest.upkeep.chunk_counts() == {document_id: 2}
    assert await ingest.reads.passages([chunks[1].id, new_id()]) == {chunks[1].id: chunks[1]}
    assert await ingest.reads.passages([]) == {}


async def test_chunks_of_a_document_in_work_are_not_shown(ingest: IngestBench) -> None:
    document = new_document()
    document_id = await stored(ingest, document, "Open at six.")
    document.begin_processing()
    assert document.status is DocumentStatus.PROCESSING
    async with documents(ingest) as store:
        await store.find(document_id)
        await store.save(document)

    assert await ingest.upkeep.chunk_counts() == {}
    assert await ingest.upkeep.chunks(document_id) == []
    assert await ingest.upkeep.is_known(document_id)


async def test_a_removed_document_stays_known_as_removed_until_and_after_it_is_cleaned(
    ingest: IngestBench,
) -> None:
    document_id = await stored(ingest, new_document(), "Open at six.")
    async with documents(ingest) as store:
        await store.remove(document_id)

    (removed_at,) = (await ingest.upkeep.removed()).values()
    await ingest.upkeep.forget(document_id, removed_at)

    assert await ingest.upkeep.removed() == {}
    assert not await ingest.upkeep.is_known(document_id)
    async with documents(ingest) as store:
        assert await store.was_removed(document_id)
        assert not await store.was_removed(new_id())


def waiting_job(document_id: UUID) -> Insert:
    """A command in the durable inbox, in the hands of a worker that never ends."""
    return insert(delivery.jobs).values(
        id=new_id(),
        key=str(document_id),
        value="{}",
        headers={},
        attempts=1,
        lease=new_id(),
        leased_until=datetime.now(UTC) + timedelta(days=1),
    )


def dead_letter(document_id: UUID, **fields: object) -> Insert:
    return insert(delivery.dead_letters).values(
        consumer="ingest",
        topic="ingest.commands.v1",
        partition=-1,
        offset=-1,
        key=str(document_id).encode(),
        headers=[],
        error="a defect",
        attempts=4,
        created_at=datetime.now(UTC),
        **fields,
    )


async def test_a_command_that_waits_in_the_inbox_or_the_dead_letters_claims_its_upload(
    ingest: IngestBench,
) -> None:
    waiting, buried, discarded = new_id(), new_id(), new_id()
    async with ingest.bench.delivery.db.write() as connection:
        await connection.execute(waiting_job(waiting))
        await connection.execute(dead_letter(buried))
        await connection.execute(dead_letter(discarded, discarded_at=datetime.now(UTC)))

    claims = [
        await ingest.upkeep.is_claimed(each) for each in (waiting, buried, discarded, new_id())
    ]

    assert claims == [True, True, False, False]


async def test_an_old_upload_stays_for_its_command_and_for_its_document(
    ingest: IngestBench,
) -> None:
    waiting, _, processed = [
        await ingest.upload(text) for text in (b"Waiting.", b"Abandoned.", b"Processed.")
    ]
    async with ingest.bench.delivery.db.write() as connection:
        await connection.execute(waiting_job(waiting.document_id))
    await ingest.ingest(processed)

    await ingest.housekeeping.drop_unclaimed(saved_before=datetime.now(UTC) + timedelta(days=1))

    kept = {path.name for path in (ingest.folder / "files").iterdir()}
    assert kept == {str(waiting.document_id), str(processed.document_id)}


async def test_a_document_removed_once_more_meanwhile_stays_to_be_cleaned(
    ingest: IngestBench,
) -> None:
    document_id = new_id()
    async with documents(ingest) as store:
        await store.remove(document_id)
    first = (await ingest.upkeep.removed())[document_id]
    async with documents(ingest) as store:
        await store.remove(document_id)

    await ingest.upkeep.forget(document_id, first)

    assert document_id in await ingest.upkeep.removed()


async def test_embedding_anew_writes_down_the_model_once(ingest: IngestBench) -> None:
    document_id = await stored(ingest, new_document(), "Open at six.")

    for _ in range(2):
        await ingest.upkeep.embedded_anew(document_id, "another")
    await ingest.upkeep.embedded_anew(new_id(), "another")

    view = await ingest.reads.document(document_id)
    assert (view.embedding_model, view.version) == ("another", 3)


async def test_documents_are_listed_newest_first_in_pages(ingest: IngestBench) -> None:
    hashes = [str(number) * 64 for number in range(3)]
    ids = [await stored(ingest, new_document(content_hash=each), "Open.") for each in hashes]

    first = await ingest.reads.documents(limit=2, after=None)
    last = await ingest.reads.documents(limit=2, after=first.next)

    assert [view.id for view in (*first.items, *last.items)] == ids[::-1]
    assert last.next is None
    with pytest.raises(BadCursor):
        await ingest.reads.documents(limit=2, after="?")
