"""A command's whole way: durable inbox, parser, index, store, outbox."""

import json

from services.ingest.tests.integration.bench import IngestBench

from contracts.ingest import DocumentView, RemoveDocument


async def test_an_ingested_document_is_found_and_announced_once(ingest: IngestBench) -> None:
    command = await ingest.upload(b"# Hours\n\nThe boathouse opens at six.", title="Club")

    outcome = await ingest.ingest(command)

    assert outcome.state == "succeeded"
    view = DocumentView.model_validate(outcome.result)
    assert view == await ingest.reads.document(command.document_id)
    assert (view.status, view.chunk_count, view.page_count) == ("processed", 1, None)
    (passage,) = (await ingest.search("When does the boathouse open?", 5)).items
    assert (passage.title, passage.heading) == ("Club", "Hours")
    assert passage.text == "The boathouse opens at six."
    (event,) = await ingest.bench.sent("DocumentProcessed")
    assert json.loads(event.value)["content_hash"] == command.content_hash
    assert event.headers["ce_sequence"] == "2"


async def test_an_unreadable_document_is_refused_and_kept_as_failed(ingest: IngestBench) -> None:
    outcome = await ingest.ingest(await ingest.upload(b"%PDF-1.7\nnothing of the kind"))

    assert outcome.state == "refused"
    assert outcome.problem is not None
    assert outcome.problem.type == "/problems/unreadable-document"
    (view,) = (await ingest.reads.documents(limit=5, after=None)).items
    assert (view.status, view.error) == ("failed", "damaged")
    (event,) = await ingest.bench.sent("DocumentFailed")
    assert event.key == str(view.id)


async def test_the_same_content_is_refused_until_its_document_is_removed(
    ingest: IngestBench,
) -> None:
    first = await ingest.upload(b"Open at six.")
    await ingest.ingest(first)

    refused = await ingest.ingest(await ingest.upload(b"Open at six."))
    await ingest.bench.handle(RemoveDocument(document_id=first.document_id, expected_version=2))
    accepted = await ingest.ingest(await ingest.upload(b"Open at six."))

    assert refused.problem is not None
    assert refused.problem.model_dump()["document_id"] == str(first.document_id)
    assert accepted.state == "succeeded"


async def test_a_removed_document_leaves_store_index_and_folder(ingest: IngestBench) -> None:
    command = await ingest.upload(b"Open at six.")
    await ingest.ingest(command)

    removal = RemoveDocument(document_id=command.document_id, expected_version=2)
    outcome = await ingest.bench.handle(removal)
    found = await ingest.search("Open at six?", 5)
    await ingest.housekeeping.finish_removals()

    assert (outcome.state, outcome.result, found.items) == ("succeeded", None, [])
    assert await ingest.index.chunk_counts() == {}
    assert list((ingest.folder / "files").iterdir()) == []
    (event,) = await ingest.bench.sent("DocumentRemoved")
    assert event.headers["ce_sequence"] == "3"


async def test_a_stale_removal_is_refused_with_both_versions(ingest: IngestBench) -> None:
    command = await ingest.upload(b"Open at six.")
    await ingest.ingest(command)

    removal = RemoveDocument(document_id=command.document_id, expected_version=1)
    outcome = await ingest.bench.handle(removal)

    assert outcome.problem is not None
    members = outcome.problem.model_dump()
    assert (members["type"], members["status"]) == ("/problems/stale-version", 412)
    assert (members["expected_version"], members["current_version"]) == (1, 2)


async def test_an_index_that_lost_a_document_gets_it_back(ingest: IngestBench) -> None:
    command = await ingest.upload(b"Open at six.")
    await ingest.ingest(command)
    await ingest.index.remove(command.document_id)

    await ingest.housekeeping.reconcile()

    assert (await ingest.search("Open at six?", 5)).items
