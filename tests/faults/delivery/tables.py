"""What the three processes keep, beside the tables of delivery."""

from typing import Final

from sqlalchemy import Column, Integer, MetaData, String, Table, Uuid
from sqlalchemy.dialects.postgresql import Insert, insert

from storage.tables import delivery_tables

gateway: Final = MetaData()
gateway_delivery: Final = delivery_tables(gateway)
accepted: Final = Table(
    "accepted",
    gateway,
    Column("command_id", Uuid, primary_key=True),
    Column("counter", String(32), nullable=False),
    Column("amount", Integer, nullable=False),
)
outcomes: Final = Table(
    "outcomes",
    gateway,
    Column("command_id", Uuid, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("heard_by", Integer, nullable=False),
    Column("times", Integer, nullable=False),
)

ledger: Final = MetaData()
ledger_delivery: Final = delivery_tables(ledger)
counters: Final = Table(
    "counters",
    ledger,
    Column("counter", String(32), primary_key=True),
    Column("total", Integer, nullable=False),
    Column("version", Integer, nullable=False),
)

catalog: Final = MetaData()
catalog_delivery: Final = delivery_tables(catalog)
applied: Final = Table(
    "applied",
    catalog,
    Column("event_id", Uuid, primary_key=True),
    Column("counter", String(32), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("amount", Integer, nullable=False),
    Column("times", Integer, nullable=False),
)
copies: Final = Table(
    "copies",
    catalog,
    Column("counter", String(32), primary_key=True),
    Column("total", Integer, nullable=False),
    Column("version", Integer, nullable=False),
)
replaced: Final = Table(
    "replaced",
    catalog,
    Column("counter", String(32), primary_key=True),
    Column("known", Integer, nullable=False),
    Column("version", Integer, primary_key=True),
)


def counted(table: Table) -> Insert:
    """Insert a row, or count one more time that it was to be inserted."""
    statement = insert(table)
    return statement.on_conflict_do_update(
        constraint=table.primary_key, set_={"times": table.c.times + 1}
    )
