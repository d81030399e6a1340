from sqlalchemy import JSON, Column, Index, MetaData, String, Table, Uuid, text

from storage.columns import UtcDateTime
from storage.tables import delivery_tables

metadata = MetaData()
delivery = delivery_tables(metadata)

_has_key = text("idempotency_key IS NOT NULL")

operations = Table(
    "operations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("subject", Uuid, nullable=False),
    Column("command", String(64), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("idempotency_key", String(255)),
    Column("state", String(16), nullable=False),
    Column("result", JSON(none_as_null=True)),
    Column("problem", JSON(none_as_null=True)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Index("operations_subject", "subject", "id"),
    Index("operations_state", "state", "id"),
    Index("operations_finished_at", "finished_at"),
    Index(
        "operations_idempotency_key",
        "subject",
        "idempotency_key",
        unique=True,
        postgresql_where=_has_key,
        sqlite_where=_has_key,
    ),
)
