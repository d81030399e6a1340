"""Transactions that take minutes, on a connection of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from storage.database import WAIT_S, Database

_SNAPSHOT: Final[dict[str, Any]] = {
    "isolation_level": "REPEATABLE READ",
    "postgresql_readonly": True,
}


@asynccontextmanager
async def snapshot(db: Database) -> AsyncIterator[AsyncConnection]:
    """All queries of the block see the same moment, however long it takes."""
    if db.is_sqlite:
        async with db.read() as connection:
            yield connection
        return
    async with _own_connection(db, _SNAPSHOT) as connection, connection.begin():
        yield connection


@asynccontextmanager
async def change(db: Database) -> AsyncIterator[AsyncConnection]:
    """A transaction that commits at the end of the block, and rolls back when it raises."""
    if db.is_sqlite:
        async with db.write() as connection:
            yield connection
        return
    options = {"isolation_level": "READ COMMITTED"}
    async with _own_connection(db, options) as connection, connection.begin():
        yield connection


@asynccontextmanager
async def _own_connection(
    db: Database, execution_options: dict[str, Any]
) -> AsyncIterator[AsyncConnection]:
    """Without the time limits of those that answer somebody."""
    engine = create_async_engine(
        db.url,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"timeout": WAIT_S},
        execution_options=execution_options,
    )
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()
