from enum import StrEnum
from typing import Final
from uuid import UUID


class Refusal(Exception):
    """A rule said no. The state is unchanged, and asking again gets the same answer."""


class Unreadable(StrEnum):
    """Why a document can't be searched."""

    DAMAGED = "damaged"
    ENCRYPTED = "encrypted"
    NO_TEXT = "no_text"
    TOO_MANY_PAGES = "too_many_pages"
    TOO_MUCH_TEXT = "too_much_text"
    TOO_COSTLY = "too_costly"
    TOO_MANY_PASSAGES = "too_many_passages"
    UNSUPPORTED = "unsupported"


_WHY_UNREADABLE: Final = {
    Unreadable.DAMAGED: "The file is damaged: it can't be read as a PDF.",
    Unreadable.ENCRYPTED: "The file is protected by a password: upload one without.",
    Unreadable.NO_TEXT: "The document holds no text (is it scanned?).",
    Unreadable.TOO_COSTLY: "Reading the file takes more memory or time than one document may have.",
}
_COUNTED: Final = {
    Unreadable.TOO_MANY_PAGES: "pages",
    Unreadable.TOO_MUCH_TEXT: "characters of text",
    Unreadable.TOO_MANY_PASSAGES: "passages",
}


class UnfitDocument(Refusal):
    """The content can't be made searchable. `reason` is for programs, the text for people."""

    def __init__(self, reason: Unreadable, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class UnreadableDocument(UnfitDocument):
    def __init__(self, reason: Unreadable) -> None:
        super().__init__(reason, _WHY_UNREADABLE[reason])


class UnsupportedMediaType(UnfitDocument):
    def __init__(self, detected: str) -> None:
        super().__init__(
            Unreadable.UNSUPPORTED,
            f"This kind of file ({detected}) isn't taken: upload a PDF, Markdown or plain text.",
        )
        self.detected = detected


class DocumentTooLarge(UnfitDocument):
    """`found` is None where the counting stopped at the limit."""

    def __init__(self, reason: Unreadable, *, limit: int, found: int | None = None) -> None:
        count = f"more than {limit:,}" if found is None else f"{found:,}"
        super().__init__(
            reason,
            f"The document is too large: it has {count} {_COUNTED[reason]}, and {limit:,} are "
            "the most that is taken. Split it into several.",
        )
        self.limit = limit
        self.found = found


class FileTooLarge(Refusal):
    def __init__(self, *, limit_bytes: int) -> None:
        super().__init__(
            f"The file is too large: {limit_bytes:,} bytes are the most that is taken."
        )
        self.limit_bytes = limit_bytes


class DocumentNotFound(Refusal):
    def __init__(self, document_id: UUID) -> None:
        super().__init__(f"There is no document {document_id}.")
        self.document_id = document_id


class AlreadyExists(Refusal):
    def __init__(self, document_id: UUID) -> None:
        super().__init__("This document exists already.")
        self.document_id = document_id


class DuplicateDocument(Refusal):
    """`document_id` is the document that has the same content."""

    def __init__(self, document_id: UUID) -> None:
        super().__init__(f"Document {document_id} has the same content.")
        self.document_id = document_id


class UploadMissing(Refusal):
    def __init__(self, document_id: UUID) -> None:
        super().__init__("The content that was announced is not here: upload it again.")
        self.document_id = document_id


class StaleDocument(Refusal):
    def __init__(self, document_id: UUID, *, expected_version: int, current_version: int) -> None:
        super().__init__(f"Document {document_id} is at version {current_version} by now.")
        self.document_id = document_id
        self.expected_version = expected_version
        self.current_version = current_version
