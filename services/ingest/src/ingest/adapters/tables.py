from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from storage.columns import UtcDateTime
from storage.tables import delivery_tables

metadata = MetaData()
delivery = delivery_tables(metadata)

_PROCESSED = text("status = 'processed'")
_NOT_CLEANED = text("cleaned_at IS NULL")

documents = Table(
    "documents",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("title", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("content_type", String(100), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("page_count", Integer),
    Column("chunk_count", Integer),
    Column("embedding_model", String(100)),
    Column("error", String(32)),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index(
        "documents_one_processed_per_content",
        "content_hash",
        unique=True,
        postgresql_where=_PROCESSED,
        sqlite_where=_PROCESSED,
    ),
)

chunks = Table(
    "chunks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("document_id", Uuid, ForeignKey("documents.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("headings", JSON, nullable=False),
    Column("page", Integer),
    Column("text", Text, nullable=False),
    UniqueConstraint("document_id", "position", name="chunks_document_id_position"),
)

removals = Table(
    "removals",
    metadata,
    Column("document_id", Uuid, primary_key=True),
    Column("removed_at", UtcDateTime, nullable=False),
    Column("cleaned_at", UtcDateTime),
    Index(
        "removals_not_cleaned",
        "document_id",
        postgresql_where=_NOT_CLEANED,
        sqlite_where=_NOT_CLEANED,
    ),
)
