import pytest
from services.ingest.tests.unit.conftest import Desk
from services.ingest.tests.unit.fakes import FakeWork

from contracts.ingest import DocumentRemoved, RemoveDocument
from ingest.application.remove_document import remove_document
from ingest.domain.refusals import StaleDocument


async def test_a_removed_document_is_gone_and_its_file_and_vectors_are_owed(desk: Desk) -> None:
    command = desk.upload()
    await desk.ingest(command)
    work = FakeWork(desk.shelf)

    removal = RemoveDocument(document_id=command.document_id, expected_version=2)
    await remove_document(removal, work)

    assert (desk.shelf.documents, desk.shelf.chunks) == ({}, {})
    assert list(desk.shelf.removed) == [command.document_id]
    assert work.announced == [DocumentRemoved(document_id=command.document_id)]
    assert work.versions == [3]


async def test_a_removal_with_a_stale_version_changes_nothing(desk: Desk) -> None:
    command = desk.upload()
    await desk.ingest(command)
    work = FakeWork(desk.shelf)

    with pytest.raises(StaleDocument):
        await remove_document(
            RemoveDocument(document_id=command.document_id, expected_version=1), work
        )

    assert command.document_id in desk.shelf.documents
    assert work.announced == []
