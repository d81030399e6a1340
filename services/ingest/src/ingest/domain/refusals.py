from enum import StrEnum
from uuid import UUID


class Refusal(Exception):
    """A rule said no. The state is unchanged, and asking again gets the same answer."""


class Unreadable(StrEnum):
    """Why a document gave no text."""

    DAMAGED = "damaged"
    ENCRYPTED = "encrypted"
    NO_TEXT = "no_text"
    TOO_MANY_PAGES = "too_many_pages"
    TOO_MUCH_TEXT = "too_much_text"
    TOO_COSTLY = "too_costly"
    UNSUPPORTED = "unsupported"


class UnreadableDocument(Refusal):
    def __init__(self, reason: Unreadable) -> None:
        super().__init__(f"the document can't be read: {reason}")
        self.reason = reason


class UnsupportedMediaType(Refusal):
    reason = Unreadable.UNSUPPORTED

    def __init__(self, detected: str) -> None:
        super().__init__(f"documents of type {detected} are not read")
        self.detected = detected


class DocumentTooLarge(Refusal):
    def __init__(self, *, limit_bytes: int) -> None:
        super().__init__(f"a document may have {limit_bytes} bytes at most")
        self.limit_bytes = limit_bytes


class DocumentNotFound(Refusal):
    def __init__(self, document_id: UUID) -> None:
        super().__init__(f"there is no document {document_id}")
        self.document_id = document_id


class AlreadyExists(Refusal):
    def __init__(self, document_id: UUID) -> None:
        super().__init__("this document exists already")
        self.document_id = document_id


class DuplicateDocument(Refusal):
    """`document_id` is the document that has the same content."""

    def __init__(self, document_id: UUID) -> None:
        super().__init__(f"document {document_id} has the same content")
        self.document_id = document_id


class UploadMissing(Refusal):
    def __init__(self, document_id: UUID) -> None:
        super().__init__("the content that was announced is not here; upload it again")
        self.document_id = document_id


class StaleDocument(Refusal):
    def __init__(self, document_id: UUID, *, expected_version: int, current_version: int) -> None:
        super().__init__(f"document {document_id} is at version {current_version} by now")
        self.document_id = document_id
        self.expected_version = expected_version
        self.current_version = current_version
