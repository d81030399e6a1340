from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
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

accounts = Table(
    "accounts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("owner_id", Uuid),
    Column("kind", String(16), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("name", String(100), nullable=False),
    Column("posted", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("is_closed", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("held >= 0", name="accounts_held_not_negative"),
    CheckConstraint("kind <> 'customer' OR posted >= held", name="accounts_within_balance"),
    Index("accounts_owner_id", "owner_id", "id"),
    Index(
        "accounts_one_house_account",
        "kind",
        "currency",
        unique=True,
        postgresql_where=text("kind <> 'customer'"),
        sqlite_where=text("kind <> 'customer'"),
    ),
)

transactions = Table(
    "transactions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("to_account_id", Uuid, ForeignKey("accounts.id")),
    Column("reference_id", String(32), nullable=False),
    Column("description", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("amount > 0", name="transactions_amount_positive"),
    UniqueConstraint("reference_id", name="transactions_reference_id"),
    Index("transactions_account_id", "account_id", "id"),
    Index("transactions_to_account_id", "to_account_id", "id"),
)

entries = Table(
    "entries",
    metadata,
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("transaction_id", Uuid, ForeignKey("transactions.id"), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("balance", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("account_id", "version", name="entries_pkey"),
    Index("entries_transaction_id", "transaction_id"),
)

holds = Table(
    "holds",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("captured", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("status", String(16), nullable=False),
    Column("description", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("captured <= amount", name="holds_captured_within_amount"),
    Index("holds_account_id", "account_id"),
)
