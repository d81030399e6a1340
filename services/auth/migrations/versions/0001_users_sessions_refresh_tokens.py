"""Users, sessions and refresh tokens, with the tables of delivery."""

import sqlalchemy as sa
from alembic import op

from storage.columns import UtcDateTime
from storage.migrations import create_delivery_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_delivery_tables()
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("is_active_admin", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.UniqueConstraint("email", name="users_email"),
    )
    op.create_index(
        "users_active_admins",
        "users",
        ["id"],
        postgresql_where=sa.text("is_active_admin"),
        sqlite_where=sa.text("is_active_admin"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("subject", sa.Uuid, nullable=False),
        sa.Column("is_anonymous", sa.Boolean, nullable=False),
        sa.Column("user_agent", sa.String(200), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("last_used_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("revoked_at", UtcDateTime),
    )
    op.create_index("sessions_subject", "sessions", ["subject", "id"])
    op.create_index("sessions_expires_at", "sessions", ["expires_at"])
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column(
            "session_id",
            sa.Uuid,
            sa.ForeignKey("sessions.id", ondelete="CASCADE"),
            nullable=False,
        ),
    )
    op.create_index("refresh_tokens_session_id", "refresh_tokens", ["session_id"])
