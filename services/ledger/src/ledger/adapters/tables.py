from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
    text,
)

from storage.columns import UtcDateTime
from storage.tables import delivery_tables

metadata = MetaData()
delivery = delivery_tables(metadata)

_OF_THE_HOUSE: Final = text("kind <> 'customer'")
_UNFINISHED: Final = text("status <> 'completed'")
_HELD: Final = text("status = 'held' AND expires_at IS NOT NULL")
_COMPLETED: Final = text("status = 'captured' AND transaction_id IS NOT NULL")

books = Table(
    "books",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("number", SmallInteger, nullable=False, unique=True),
    Column("epoch", BigInteger, nullable=False),
    Column("transactions", BigInteger, nullable=False),
    Column("postings", BigInteger, nullable=False),
    Column("link", LargeBinary, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("book", String(32), nullable=False),
    Column("owner_id", Uuid),
    Column("kind", String(16), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("name", Text, nullable=False),
    Column("minimum", BigInteger),
    Column("posted", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("is_closed", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("held >= 0", name="accounts_held_not_negative"),
    CheckConstraint("posted - held >= minimum", name="accounts_within_balance"),
    Index("accounts_owner_id", "owner_id", "id"),
    Index(
        "accounts_one_house_account",
        "book",
        "kind",
        "currency",
        unique=True,
        postgresql_where=_OF_THE_HOUSE,
        sqlite_where=_OF_THE_HOUSE,
    ),
)

transactions = Table(
    "transactions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("book", String(32), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("amount", BigInteger),
    Column("currency", String(3)),
    # Of one posting; several are in `postings` as JSON.
    Column("source_id", Uuid),
    Column("target_id", Uuid),
    Column("postings", Text),
    Column("description", Text, nullable=False),
    Column("metadata", Text),
    Column("corrects", Uuid),
    Column("refunded", BigInteger, nullable=False),
    Column("is_reversed", Boolean, nullable=False),
    Column("asked_by", Uuid),
    Column("failure", Text),
    # SHA-256 of the command, where the transaction is its inbox entry.
    Column("fingerprint", LargeBinary),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("posting", BigInteger),
    Column("link", LargeBinary),
    CheckConstraint("amount > 0", name="transactions_amount_positive"),
    CheckConstraint("refunded BETWEEN 0 AND amount", name="transactions_refunded_within_amount"),
    Index("transactions_number", "book", "number", unique=True),
    Index(
        "transactions_unfinished",
        "source_id",
        "number",
        postgresql_where=_UNFINISHED,
        sqlite_where=_UNFINISHED,
    ),
    Index(
        "transactions_status",
        "status",
        "book",
        "number",
        postgresql_where=_UNFINISHED,
        sqlite_where=_UNFINISHED,
    ),
)

# No foreign keys to or from what grows by the batch: one writer decides, from what it has loaded,
# and `ledger verify` looks again.
entries = Table(
    "entries",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("transaction_id", Uuid, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("balance", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("account_id", "version", name="entries_pkey"),
)

holds = Table(
    "holds",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("book", String(32), nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("target_id", Uuid),
    Column("transaction_id", Uuid),
    Column("amount", BigInteger, nullable=False),
    Column("captured", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("status", String(16), nullable=False),
    Column("description", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    CheckConstraint("captured <= amount", name="holds_captured_within_amount"),
    Index("holds_account_id", "account_id"),
    Index("holds_expires_at", "expires_at", postgresql_where=_HELD, sqlite_where=_HELD),
    # A transaction that was pending has its entries out of the order of numbers; lists need that.
    *(
        Index(
            f"holds_completed_{end}",
            f"{end}_id",
            "created_at",
            postgresql_where=_COMPLETED,
            sqlite_where=_COMPLETED,
        )
        for end in ("account", "target")
    ),
)
