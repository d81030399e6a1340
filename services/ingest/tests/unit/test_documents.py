from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from ingest.domain.documents import Document, DocumentStatus
from ingest.domain.refusals import StaleDocument, Unreadable


@pytest.fixture
def document() -> Document:
    return Document(
        id=UUID(int=1),
        title="Handbook",
        filename="handbook.pdf",
        content_type="application/pdf",
        size_bytes=10_505,
        content_hash="7dadd2d9",
        created_at=datetime(2026, 9, 1, tzinfo=UTC),
    )


def test_a_processed_document_knows_its_counts_and_model(document: Document) -> None:
    document.begin_processing()
    document.finish(page_count=7, chunk_count=28, embedding_model="minilm")

    assert document.status is DocumentStatus.PROCESSED
    assert (document.page_count, document.chunk_count) == (7, 28)


def test_processing_again_forgets_the_error_of_the_last_time(document: Document) -> None:
    document.begin_processing()
    document.fail(Unreadable.TOO_COSTLY)
    failed = replace(document)

    document.begin_processing()

    assert (failed.status, failed.error) == (DocumentStatus.FAILED, Unreadable.TOO_COSTLY)
    assert (document.status, document.error) == (DocumentStatus.PROCESSING, None)


def test_a_document_that_is_not_being_processed_can_not_be_finished(document: Document) -> None:
    with pytest.raises(AssertionError):
        document.finish(page_count=1, chunk_count=1, embedding_model="minilm")


def test_a_stale_version_is_refused_with_both_versions(document: Document) -> None:
    with pytest.raises(StaleDocument) as refusal:
        document.require_version(7)

    assert (refusal.value.expected_version, refusal.value.current_version) == (7, 1)
