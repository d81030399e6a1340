"""Books, accounts, transactions, entries and holds, with the tables of delivery."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from storage.columns import UtcDateTime
from storage.migrations import create_delivery_tables

revision = "0001"
down_revision = None

_OF_THE_HOUSE = sa.text("kind <> 'customer'")
_UNFINISHED = sa.text("status <> 'completed'")
_HELD = sa.text("status = 'held' AND expires_at IS NOT NULL")
_COMPLETED = sa.text("status = 'captured' AND transaction_id IS NOT NULL")


def upgrade() -> None:
    create_delivery_tables()
    _create_books()
    _create_accounts()
    _create_transactions()
    _create_entries()
    _create_holds()


def _create_books() -> None:
    op.create_table(
        "books",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("number", sa.SmallInteger, nullable=False, unique=True),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("transactions", sa.BigInteger, nullable=False),
        sa.Column("postings", sa.BigInteger, nullable=False),
        sa.Column("link", sa.LargeBinary, nullable=False),
        sa.Column("last_at", UtcDateTime, nullable=False),
    )
    op.bulk_insert(
        sa.table(
            "books",
            sa.column("name", sa.String),
            sa.column("number", sa.SmallInteger),
            sa.column("epoch", sa.BigInteger),
            sa.column("transactions", sa.BigInteger),
            sa.column("postings", sa.BigInteger),
            sa.column("link", sa.LargeBinary),
            sa.column("last_at", UtcDateTime),
        ),
        [
            {
                "name": "main",
                "number": 0,
                "epoch": 0,
                "transactions": 0,
                "postings": 0,
                "link": bytes(32),
                "last_at": datetime(1970, 1, 1, tzinfo=UTC),
            }
        ],
    )


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("book", sa.String(32), nullable=False),
        sa.Column("owner_id", sa.Uuid),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("minimum", sa.BigInteger),
        sa.Column("posted", sa.BigInteger, nullable=False),
        sa.Column("held", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("is_closed", sa.Boolean, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.CheckConstraint("held >= 0", name="accounts_held_not_negative"),
        sa.CheckConstraint("posted - held >= minimum", name="accounts_within_balance"),
    )
    op.create_index("accounts_owner_id", "accounts", ["owner_id", "id"])
    op.create_index(
        "accounts_one_house_account",
        "accounts",
        ["book", "kind", "currency"],
        unique=True,
        postgresql_where=_OF_THE_HOUSE,
        sqlite_where=_OF_THE_HOUSE,
    )


def _create_transactions() -> None:
    op.create_table(
        "transactions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("book", sa.String(32), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("amount", sa.BigInteger),
        sa.Column("currency", sa.String(3)),
        sa.Column("source_id", sa.Uuid),
        sa.Column("target_id", sa.Uuid),
        sa.Column("postings", sa.Text),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("metadata", sa.Text),
        sa.Column("corrects", sa.Uuid),
        sa.Column("refunded", sa.BigInteger, nullable=False),
        sa.Column("is_reversed", sa.Boolean, nullable=False),
        sa.Column("asked_by", sa.Uuid),
        sa.Column("failure", sa.Text),
        sa.Column("fingerprint", sa.LargeBinary),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("posting", sa.BigInteger),
        sa.Column("link", sa.LargeBinary),
        sa.CheckConstraint("amount > 0", name="transactions_amount_positive"),
        sa.CheckConstraint(
            "refunded BETWEEN 0 AND amount", name="transactions_refunded_within_amount"
        ),
    )
    op.create_index("transactions_number", "transactions", ["book", "number"], unique=True)
    op.create_index(
        "transactions_unfinished",
        "transactions",
        ["source_id", "number"],
        postgresql_where=_UNFINISHED,
        sqlite_where=_UNFINISHED,
    )
    op.create_index(
        "transactions_status",
        "transactions",
        ["status", "book", "number"],
        postgresql_where=_UNFINISHED,
        sqlite_where=_UNFINISHED,
    )


def _create_entries() -> None:
    op.create_table(
        "entries",
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("transaction_id", sa.Uuid, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("balance", sa.BigInteger, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "version", name="entries_pkey"),
    )


def _create_holds() -> None:
    op.create_table(
        "holds",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("book", sa.String(32), nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("target_id", sa.Uuid),
        sa.Column("transaction_id", sa.Uuid),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("captured", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime),
        sa.CheckConstraint("captured <= amount", name="holds_captured_within_amount"),
    )
    op.create_index("holds_account_id", "holds", ["account_id"])
    op.create_index(
        "holds_expires_at", "holds", ["expires_at"], postgresql_where=_HELD, sqlite_where=_HELD
    )
    for end in ("account", "target"):
        op.create_index(
            f"holds_completed_{end}",
            "holds",
            [f"{end}_id", "created_at"],
            postgresql_where=_COMPLETED,
            sqlite_where=_COMPLETED,
        )
