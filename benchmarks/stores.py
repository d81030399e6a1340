"""Stores for the benchmarks: each in a new database of one PostgreSQL server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeAlias

from sqlalchemy import MetaData

from contracts.topics import Topic
from storage.delivery_store import SqlDeliveryStore
from storage.tables import delivery_tables
from storage.work import SqlWork
from testkit.postgres import PostgresServer

BenchmarkStore: TypeAlias = SqlDeliveryStore[SqlWork]

_METADATA: Final = MetaData()
TABLES: Final = delivery_tables(_METADATA)


@asynccontextmanager
async def new_store(
    server: PostgresServer,
    name: str,
    *,
    outcomes: Topic | None = None,
    reply_partition: Callable[[], int | None] = lambda: None,
) -> AsyncIterator[BenchmarkStore]:
    """An empty store of the service `name`; it is gone after the block."""
    url = await asyncio.to_thread(server.create_database)
    store = SqlDeliveryStore(
        name, url, TABLES, SqlWork, outcomes=outcomes, reply_partition=reply_partition
    )
    try:
        async with store.db.write() as connection:
            await connection.run_sync(_METADATA.create_all)
        yield store
    finally:
        await store.close()
        await asyncio.to_thread(server.drop_database, url)
