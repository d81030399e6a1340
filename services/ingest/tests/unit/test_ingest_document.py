from typing import Any

import pytest
from services.ingest.tests.unit.conftest import Desk
from services.ingest.tests.unit.fakes import FakeJob

from contracts.contract import Event
from contracts.ids import new_id
from contracts.ingest import DocumentFailed, DocumentProcessed, RemoveDocument
from ingest.application.remove_document import remove_document
from ingest.domain.chunking import ChunkSizes
from ingest.domain.documents import DocumentStatus
from ingest.domain.refusals import (
    AlreadyExists,
    DocumentNotFound,
    DuplicateDocument,
    Unreadable,
    UnreadableDocument,
    UnsupportedMediaType,
    UploadMissing,
)


def problem_of(job: FakeJob) -> Any:
    problem = job.last.settled[job.id].problem
    assert problem is not None
    return problem


async def test_a_document_that_was_read_can_be_searched_and_is_announced(desk: Desk) -> None:
    command = desk.upload(b"Open at six.")

    job = await desk.ingest(command)

    document = desk.shelf.documents[command.document_id]
    assert (document.status, document.chunk_count, document.version) == ("processed", 1, 2)
    assert document.embedding_model == "fake-model"
    (chunk,) = desk.index.chunks[command.document_id]
    assert desk.shelf.chunks[command.document_id] == [chunk]
    announced: list[Event] = [
        DocumentProcessed(
            document_id=document.id,
            title="Hours",
            content_hash=command.content_hash,
            page_count=None,
            chunk_count=1,
        )
    ]
    assert (job.last.announced, job.last.versions) == (announced, [2])
    outcome = job.last.settled[job.id]
    assert outcome.state == "succeeded"
    assert isinstance(outcome.result, dict)
    assert (outcome.result["id"], outcome.result["version"]) == (str(document.id), 2)
    assert job.has_ended


async def test_a_document_that_can_not_be_read_is_stored_as_failed_and_refused(desk: Desk) -> None:
    desk.parser.refusal = UnreadableDocument(Unreadable.ENCRYPTED)
    command = desk.upload()

    job = await desk.ingest(command)

    document = desk.shelf.documents[command.document_id]
    assert (document.status, document.error) == (DocumentStatus.FAILED, Unreadable.ENCRYPTED)
    assert job.last.announced == [
        DocumentFailed(document_id=document.id, title="Hours", error="encrypted")
    ]
    assert (problem_of(job).type, problem_of(job).reason) == (
        "/problems/unreadable-document",
        "encrypted",
    )
    assert desk.index.chunks == {}


async def test_a_type_that_is_not_read_fails_its_document(desk: Desk) -> None:
    desk.parser.refusal = UnsupportedMediaType("application/zip")
    command = desk.upload()

    job = await desk.ingest(command)

    assert desk.shelf.documents[command.document_id].error is Unreadable.UNSUPPORTED
    problem = problem_of(job)
    assert (problem.status, problem.reason) == (415, "unsupported")
    assert problem.detail == (
        "This kind of file (application/zip) isn't taken: upload a PDF, Markdown or plain text."
    )


async def test_a_document_of_too_many_passages_is_stored_as_failed_and_refused_with_figures(
    desk: Desk,
) -> None:
    desk.sizes = ChunkSizes(most_tokens=10, least_tokens=0, most_chunks=2)
    command = desk.upload(b"The boathouse opens at six. " * 3)

    job = await desk.ingest(command)

    assert desk.shelf.documents[command.document_id].error is Unreadable.TOO_MANY_PASSAGES
    problem = problem_of(job)
    assert (problem.type, problem.status) == ("/problems/content-too-large", 413)
    assert (problem.reason, problem.limit, problem.found) == ("too_many_passages", 2, 3)
    assert problem.detail == (
        "The document is too large: it has 3 passages, and 2 are the most that is taken. "
        "Split it into several."
    )
    assert desk.index.chunks == {}


async def test_a_document_that_failed_can_be_tried_again(desk: Desk) -> None:
    desk.parser.refusal = UnreadableDocument(Unreadable.TOO_COSTLY)
    command = desk.upload()
    await desk.ingest(command)
    desk.parser.refusal = None

    await desk.ingest(command)

    document = desk.shelf.documents[command.document_id]
    assert (document.status, document.error) == (DocumentStatus.PROCESSED, None)
    assert document.version > 2


async def test_a_try_cut_off_half_way_is_taken_up_again_without_a_new_version(desk: Desk) -> None:
    command = desk.upload()

    async def break_down() -> None:
        raise ConnectionError

    desk.index.meanwhile = break_down
    with pytest.raises(ConnectionError):
        await desk.ingest(command)
    assert desk.shelf.documents[command.document_id].status is DocumentStatus.PROCESSING

    await desk.ingest(command)

    document = desk.shelf.documents[command.document_id]
    assert (document.status, document.version) == (DocumentStatus.PROCESSED, 2)


async def test_content_that_is_there_already_is_refused_naming_its_document(desk: Desk) -> None:
    first = desk.upload(b"the same")
    await desk.ingest(first)
    second = desk.upload(b"the same")

    with pytest.raises(DuplicateDocument) as refusal:
        await desk.ingest(second)

    assert refusal.value.document_id == first.document_id
    assert second.document_id not in desk.shelf.documents


async def test_of_two_documents_with_one_content_the_later_leaves_no_trace(desk: Desk) -> None:
    first, second = desk.upload(b"the same"), desk.upload(b"the same")

    desk.index.meanwhile = lambda: desk.ingest(first)

    job = await desk.ingest(second)

    assert problem_of(job).document_id == first.document_id
    assert list(desk.shelf.documents) == [first.document_id]
    assert second.document_id in desk.shelf.removed
    assert job.last.announced == []


async def test_a_document_removed_while_it_is_read_stays_removed(desk: Desk) -> None:
    command = desk.upload()

    async def remove() -> None:
        removal = RemoveDocument(document_id=command.document_id, expected_version=1)
        async with FakeJob(desk.shelf).work() as work:
            await remove_document(removal, work)
        desk.shelf.forgotten.add(command.document_id)

    desk.index.meanwhile = remove

    job = await desk.ingest(command)

    assert problem_of(job).type == "/problems/document-not-found"
    assert desk.shelf.documents == {}
    assert command.document_id not in desk.shelf.forgotten, "its vectors have to go once more"


async def test_a_removed_id_is_not_taken_again(desk: Desk) -> None:
    command = desk.upload()
    async with FakeJob(desk.shelf).work() as work:
        await work.documents.remove(command.document_id)

    with pytest.raises(DocumentNotFound):
        await desk.ingest(command)

    assert desk.shelf.documents == {}


async def test_a_processed_document_is_not_processed_under_a_second_command(desk: Desk) -> None:
    command = desk.upload()
    await desk.ingest(command)

    with pytest.raises(AlreadyExists):
        await desk.ingest(command)


@pytest.mark.parametrize("arrived", [None, b"other bytes"])
async def test_a_command_without_its_upload_is_refused(desk: Desk, arrived: bytes | None) -> None:
    command = desk.upload(b"announced")
    if arrived is None:
        del desk.files.contents[command.document_id]
    else:
        desk.files.contents[command.document_id] = arrived

    with pytest.raises(UploadMissing):
        await desk.ingest(command)

    assert desk.shelf.documents == {}


async def test_a_removal_of_an_unknown_document_is_refused(desk: Desk) -> None:
    async with FakeJob(desk.shelf).work() as work:
        with pytest.raises(DocumentNotFound):
            await remove_document(RemoveDocument(document_id=new_id(), expected_version=1), work)
