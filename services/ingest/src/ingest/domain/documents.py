from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ingest.domain.refusals import StaleDocument, Unreadable


class DocumentStatus(StrEnum):
    UPLOADED = "uploaded"
    PROCESSING = "processing"
    PROCESSED = "processed"
    FAILED = "failed"


@dataclass(kw_only=True)
class Document:
    """A document and how far its processing is.

    Counts and model are known exactly when it is processed, and an error exactly when it failed.
    `version` counts what others may have seen, so taking the same work up again leaves it.
    """

    id: UUID
    title: str
    filename: str
    content_type: str
    size_bytes: int
    content_hash: str
    created_at: datetime
    status: DocumentStatus = DocumentStatus.UPLOADED
    page_count: int | None = None
    chunk_count: int | None = None
    embedding_model: str | None = None
    error: Unreadable | None = None
    version: int = 1

    def begin_processing(self) -> None:
        """Also begins anew: after a failure, or after a crash half-way."""
        if self.status in {DocumentStatus.PROCESSED, DocumentStatus.FAILED}:
            self.version += 1
        self._forget_result()
        self.status = DocumentStatus.PROCESSING

    def finish(self, *, page_count: int | None, chunk_count: int, embedding_model: str) -> None:
        assert self.status is DocumentStatus.PROCESSING
        self.page_count = page_count
        self.chunk_count = chunk_count
        self.embedding_model = embedding_model
        self.status = DocumentStatus.PROCESSED
        self.version += 1

    def embedded_anew(self, embedding_model: str) -> None:
        assert self.status is DocumentStatus.PROCESSED
        self.embedding_model = embedding_model
        self.version += 1

    def fail(self, reason: Unreadable) -> None:
        assert self.status is DocumentStatus.PROCESSING
        self.error = reason
        self.status = DocumentStatus.FAILED
        self.version += 1

    def require_version(self, expected: int) -> None:
        if expected != self.version:
            raise StaleDocument(self.id, expected_version=expected, current_version=self.version)

    def _forget_result(self) -> None:
        self.page_count = self.chunk_count = self.embedding_model = self.error = None
