"""What ingest takes, announces and shows."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from contracts.contract import Command, Event, VersionedView, View
from contracts.topics import INGEST_COMMANDS, INGEST_EVENTS, Topic

DocumentStatus = Literal["uploaded", "processing", "processed", "failed"]


class StoredUpload(View):
    """Ingest's receipt for the bytes that the gateway has streamed to it."""

    document_id: UUID
    filename: str
    content_type: str
    size_bytes: int
    content_hash: str


class IngestCommand(Command):
    """Sent by the gateway for staff."""

    topic: ClassVar[Topic] = INGEST_COMMANDS
    aggregate: ClassVar[str] = "document_id"
    document_id: UUID


class IngestDocument(IngestCommand):
    """Answered with a DocumentView once the document can be searched, or refused as unreadable.

    Its bytes are already with ingest: `content_hash` is their SHA-256 in hex.
    """

    type: Literal["IngestDocument"] = "IngestDocument"
    title: str
    filename: str
    content_type: str
    size_bytes: int
    content_hash: str


class RemoveDocument(IngestCommand):
    """Answered with nothing; refused when `expected_version` is stale."""

    type: Literal["RemoveDocument"] = "RemoveDocument"
    expected_version: int


class IngestEvent(Event):
    """Announced by ingest."""

    topic: ClassVar[Topic] = INGEST_EVENTS
    aggregate: ClassVar[str] = "document_id"
    document_id: UUID


class DocumentProcessed(IngestEvent):
    """A document can be searched. `page_count` is None where the format has no pages."""

    type: Literal["DocumentProcessed"] = "DocumentProcessed"
    title: str
    content_hash: str
    page_count: int | None
    chunk_count: int


class DocumentFailed(IngestEvent):
    """A document could not be read."""

    type: Literal["DocumentFailed"] = "DocumentFailed"
    title: str
    error: str


class DocumentRemoved(IngestEvent):
    """A document and everything made from it are gone."""

    type: Literal["DocumentRemoved"] = "DocumentRemoved"


IngestCommands = Annotated[IngestDocument | RemoveDocument, Field(discriminator="type")]
IngestEvents = Annotated[
    DocumentProcessed | DocumentFailed | DocumentRemoved, Field(discriminator="type")
]


class DocumentView(VersionedView):
    """A document as staff see it."""

    title: str
    filename: str
    content_type: str
    size_bytes: int
    content_hash: str
    status: DocumentStatus
    page_count: int | None
    chunk_count: int | None
    embedding_model: str | None
    error: str | None


class Passage(View):
    """A piece of a document that matches a query.

    `score` orders the passages of one search. `similarity` (cosine of the embeddings, -1 to 1) and
    `term_overlap` (share of the query's content words that the passage has, 0 to 1, where a word
    counts the more the fewer passages have it) can be compared between searches.
    """

    chunk_id: UUID
    document_id: UUID
    title: str
    heading: str
    page: int | None
    text: str
    score: float
    similarity: float
    term_overlap: float


class SearchResults(View):
    """The best passages first."""

    items: list[Passage]
