from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
)

from storage.columns import UtcDateTime
from storage.tables import delivery_tables

metadata = MetaData()
delivery = delivery_tables(metadata)

conversations = Table(
    "conversations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("customer_id", Uuid, nullable=False),
    Column("title", String(200), nullable=False),
    Column("status", String(24), nullable=False),
    Column("handoff_reason", Text),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("conversations_customer_id", "customer_id", "id"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("conversation_id", Uuid, ForeignKey("conversations.id"), nullable=False),
    Column("role", String(16), nullable=False),
    Column("content", Text, nullable=False),
    Column("citations", JSON, nullable=False),
    Column("model_used", String(100)),
    Column("cached", Boolean, nullable=False),
    Column("processing_time_ms", Integer),
    Column("tokens", Integer),
    Column("confidence", Float),
    Column("requires_clarification", Boolean, nullable=False),
    Column("offers_handoff", Boolean, nullable=False),
    Column("rating", String(8)),
    Column("rating_comment", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Index("messages_conversation_id", "conversation_id", "id"),
)
