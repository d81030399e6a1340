"""Conversations and messages, with the tables of delivery."""

import sqlalchemy as sa
from alembic import op

from storage.columns import UtcDateTime
from storage.migrations import create_delivery_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_delivery_tables()
    op.create_table(
        "conversations",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("customer_id", sa.Uuid, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("status", sa.String(24), nullable=False),
        sa.Column("handoff_reason", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
    )
    op.create_index("conversations_customer_id", "conversations", ["customer_id", "id"])
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("conversation_id", sa.Uuid, sa.ForeignKey("conversations.id"), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("citations", sa.JSON, nullable=False),
        sa.Column("model_used", sa.String(100)),
        sa.Column("cached", sa.Boolean, nullable=False),
        sa.Column("processing_time_ms", sa.Integer),
        sa.Column("tokens", sa.Integer),
        sa.Column("confidence", sa.Float),
        sa.Column("requires_clarification", sa.Boolean, nullable=False),
        sa.Column("offers_handoff", sa.Boolean, nullable=False),
        sa.Column("rating", sa.String(8)),
        sa.Column("rating_comment", sa.Text),
        sa.Column("created_at", UtcDateTime, nullable=False),
    )
    op.create_index("messages_conversation_id", "messages", ["conversation_id", "id"])
