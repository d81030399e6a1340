"""Documents, chunks and removals, with the tables of delivery."""

import sqlalchemy as sa
from alembic import op

from storage.columns import UtcDateTime
from storage.migrations import create_delivery_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_delivery_tables()
    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("content_type", sa.String(100), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("page_count", sa.Integer),
        sa.Column("chunk_count", sa.Integer),
        sa.Column("embedding_model", sa.String(100)),
        sa.Column("error", sa.String(32)),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
    )
    processed = sa.text("status = 'processed'")
    op.create_index(
        "documents_one_processed_per_content",
        "documents",
        ["content_hash"],
        unique=True,
        postgresql_where=processed,
        sqlite_where=processed,
    )
    op.create_table(
        "chunks",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("document_id", sa.Uuid, sa.ForeignKey("documents.id"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("headings", sa.JSON, nullable=False),
        sa.Column("page", sa.Integer),
        sa.Column("text", sa.Text, nullable=False),
        sa.UniqueConstraint("document_id", "position", name="chunks_document_id_position"),
    )
    op.create_table(
        "removals",
        sa.Column("document_id", sa.Uuid, primary_key=True),
        sa.Column("removed_at", UtcDateTime, nullable=False),
        sa.Column("cleaned_at", UtcDateTime),
    )
    not_cleaned = sa.text("cleaned_at IS NULL")
    op.create_index(
        "removals_not_cleaned",
        "removals",
        ["document_id"],
        postgresql_where=not_cleaned,
        sqlite_where=not_cleaned,
    )
