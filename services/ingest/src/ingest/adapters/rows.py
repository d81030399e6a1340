"""Between the rows of the store and the domain."""

from typing import Any

from ingest.domain.chunks import Chunk
from ingest.domain.documents import Document, DocumentStatus
from ingest.domain.refusals import Unreadable


def document_of(row: Any) -> Document:
    values = dict(row._mapping)
    values["status"] = DocumentStatus(row.status)
    values["error"] = row.error and Unreadable(row.error)
    return Document(**values)


def chunk_of(row: Any) -> Chunk:
    """`row` has the document's title beside the columns of the chunk."""
    return Chunk(
        id=row.id,
        document_id=row.document_id,
        position=row.position,
        title=row.title,
        heading_path=tuple(row.headings),
        page=row.page,
        text=row.text,
    )


def chunk_values(chunk: Chunk) -> dict[str, Any]:
    return {
        "id": chunk.id,
        "document_id": chunk.document_id,
        "position": chunk.position,
        "headings": list(chunk.heading_path),
        "page": chunk.page,
        "text": chunk.text,
    }
