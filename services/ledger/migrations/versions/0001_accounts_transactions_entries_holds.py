"""Accounts, transactions, entries and holds, with the tables of delivery."""

import sqlalchemy as sa
from alembic import op

from storage.columns import UtcDateTime
from storage.migrations import create_delivery_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_delivery_tables()
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("owner_id", sa.Uuid),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("posted", sa.BigInteger, nullable=False),
        sa.Column("held", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("is_closed", sa.Boolean, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.CheckConstraint("held >= 0", name="accounts_held_not_negative"),
        sa.CheckConstraint("kind <> 'customer' OR posted >= held", name="accounts_within_balance"),
    )
    op.create_index("accounts_owner_id", "accounts", ["owner_id", "id"])
    of_the_house = sa.text("kind <> 'customer'")
    op.create_index(
        "accounts_one_house_account",
        "accounts",
        ["kind", "currency"],
        unique=True,
        postgresql_where=of_the_house,
        sqlite_where=of_the_house,
    )
    op.create_table(
        "transactions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("account_id", sa.Uuid, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("to_account_id", sa.Uuid, sa.ForeignKey("accounts.id")),
        sa.Column("reference_id", sa.String(32), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.CheckConstraint("amount > 0", name="transactions_amount_positive"),
        sa.UniqueConstraint("reference_id", name="transactions_reference_id"),
    )
    op.create_index("transactions_account_id", "transactions", ["account_id", "id"])
    op.create_index("transactions_to_account_id", "transactions", ["to_account_id", "id"])
    op.create_table(
        "entries",
        sa.Column("account_id", sa.Uuid, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("transaction_id", sa.Uuid, sa.ForeignKey("transactions.id"), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("balance", sa.BigInteger, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "version", name="entries_pkey"),
    )
    op.create_index("entries_transaction_id", "entries", ["transaction_id"])
    op.create_table(
        "holds",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("account_id", sa.Uuid, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("captured", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.CheckConstraint("captured <= amount", name="holds_captured_within_amount"),
    )
    op.create_index("holds_account_id", "holds", ["account_id"])
