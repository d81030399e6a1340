from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)

from storage.columns import UtcDateTime
from storage.tables import delivery_tables

metadata = MetaData()
delivery = delivery_tables(metadata)

users = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", String(254), nullable=False),
    Column("name", String(100), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("roles", JSON, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("is_active_admin", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("email", name="users_email"),
    Index(
        "users_active_admins",
        "id",
        postgresql_where=text("is_active_admin"),
        sqlite_where=text("is_active_admin"),
    ),
)

# `subject` is no foreign key: an anonymous visitor is nobody's row.
sessions = Table(
    "sessions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("subject", Uuid, nullable=False),
    Column("is_anonymous", Boolean, nullable=False),
    Column("user_agent", String(200), nullable=False),
    Column("token_hash", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Index("sessions_subject", "subject", "id"),
    Index("sessions_expires_at", "expires_at"),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("session_id", Uuid, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Index("refresh_tokens_session_id", "session_id"),
)
