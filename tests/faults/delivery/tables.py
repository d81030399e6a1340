"""What the three processes keep, beside the tables of delivery."""

from typing import Final

from sqlalchemy import Column, Integer, MetaData, String, Table, Uuid

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
