from collections.abc import AsyncIterator
from typing import TypeAlias

import pytest
from sqlalchemy import Column, MetaData, String, Table, Uuid

from contracts.topics import CATALOG_OUTCOMES
from storage.columns import UtcDateTime
from storage.database import Database
from storage.outbox import SqlOutbox
from storage.store import SqlStore
from storage.tables import DeliveryTables, delivery_tables
from storage.work import SqlWork

Store: TypeAlias = SqlStore[SqlWork]

metadata = MetaData()
delivery = delivery_tables(metadata)
notes = Table(
    "notes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("text", String(20), nullable=False),
    Column("written_at", UtcDateTime),
)


@pytest.fixture
async def db(sql_url: str) -> AsyncIterator[Database]:
    """A store with the tables of delivery and one table of notes."""
    database = Database(sql_url)
    async with database.write() as connection:
        await connection.run_sync(metadata.create_all)
    yield database
    await database.close()


@pytest.fixture
async def other_db(sql_url: str, db: Database) -> AsyncIterator[Database]:
    """The same store as another instance of the service sees it."""
    database = Database(sql_url)
    yield database
    await database.close()


@pytest.fixture
def tables() -> DeliveryTables:
    return delivery


def store_on(db: Database) -> Store:
    return SqlStore("notes", db, delivery, SqlWork, outcomes=CATALOG_OUTCOMES)


@pytest.fixture
def store(db: Database) -> Store:
    return store_on(db)


@pytest.fixture
def outbox(db: Database) -> SqlOutbox:
    return SqlOutbox(db, delivery)
