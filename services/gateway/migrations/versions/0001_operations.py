"""Operations, with the tables of delivery."""

import sqlalchemy as sa
from alembic import op

from storage.columns import UtcDateTime
from storage.migrations import create_delivery_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_delivery_tables()
    op.create_table(
        "operations",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("subject", sa.Uuid, nullable=False),
        sa.Column("command", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("idempotency_key", sa.String(255)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("result", sa.JSON(none_as_null=True)),
        sa.Column("problem", sa.JSON(none_as_null=True)),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("finished_at", UtcDateTime),
    )
    op.create_index("operations_subject", "operations", ["subject", "id"])
    op.create_index("operations_state", "operations", ["state", "id"])
    op.create_index("operations_finished_at", "operations", ["finished_at"])
    has_key = sa.text("idempotency_key IS NOT NULL")
    op.create_index(
        "operations_idempotency_key",
        "operations",
        ["subject", "idempotency_key"],
        unique=True,
        postgresql_where=has_key,
        sqlite_where=has_key,
    )
