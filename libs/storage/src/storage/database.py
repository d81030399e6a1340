"""One SQL store: an engine to write with and one to read with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from socket import gaierror
from typing import Any, Final
from uuid import uuid4

import asyncpg
from asyncpg import PostgresError
from sqlalchemy import event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

WAIT_S: Final = 10
"""How long a transaction waits for its turn or for the server before it raises."""

_POSTGRES_TIMES: Final = {"timeout": WAIT_S, "command_timeout": 3 * WAIT_S}

_SERIALIZATION_STATES: Final = frozenset({"40001", "40P01", "55P03"})
_OUTAGE_CLASSES: Final = frozenset({"08", "53", "57", "58"})
_AWAY: Final = (
    *(PoolTimeout, ConnectionError, TimeoutError, gaierror),
    *(InterfaceError, asyncpg.InterfaceError),
)
_SQLITE_OUTAGES: Final = ("locked", "busy", "unable to open", "disk i/o", "disk is full")


class Database:
    """A PostgreSQL or SQLite database by its SQLAlchemy URL.

    `instance` is a name for whoever uses the database through this object.

    On SQLite there is one writer at a time, in WAL mode with full synchronisation, so that a
    committed transaction survives a power cut.
    """

    def __init__(self, url: str) -> None:
        self.instance = uuid4().hex
        self.url = url
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._writer = _sqlite_engine(url, connections=1, begin="BEGIN IMMEDIATE")
            self._reader = _sqlite_engine(url, connections=4, begin="BEGIN")
        else:
            self._writer = self._reader = _postgres_engine(url)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that commits at the end of the block, and rolls back when it raises."""
        if self.is_sqlite:
            async with self._writer.begin() as connection:
                yield connection
            return
        async with self._writer.connect() as connection:
            driver = await driver_of(connection)
            try:
                async with driver.transaction():
                    yield connection
            finally:
                if driver.is_in_transaction():
                    # Its rollback has failed, and nobody else shall go on in it.
                    driver.terminate()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for queries; it sees what was committed when it began."""
        async with self._reader.connect() as connection:
            yield connection

    async def fetch(self, statement: str, *values: Any) -> list[Any]:
        """One statement for asyncpg, a transaction of its own: its rows. For PostgreSQL only."""
        async with self._writer.connect() as connection:
            rows: list[Any] = await (await driver_of(connection)).fetch(statement, *values)
            return rows

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Any]:
        """An asyncpg connection of its own, outside the pool. For PostgreSQL only."""
        engine = create_async_engine(self.url, poolclass=NullPool, connect_args=_POSTGRES_TIMES)
        try:
            async with engine.connect() as connection:
                yield await driver_of(connection)
        finally:
            await engine.dispose()

    async def check(self) -> None:
        """One trip to the store. Raises what the driver raises when it is away."""
        async with self.read() as connection:
            await connection.exec_driver_sql("SELECT 1")

    async def close(self) -> None:
        """Give all connections back."""
        await self._writer.dispose()
        await self._reader.dispose()


async def driver_of(connection: AsyncConnection) -> Any:
    """The asyncpg connection below. For PostgreSQL only, inside `write` or `read`."""
    return (await connection.get_raw_connection()).driver_connection


def is_transient(error: BaseException) -> bool:
    """Is the store away, busy, or was a transaction chosen as a deadlock's victim?"""
    if isinstance(error, _AWAY):
        return True
    if isinstance(error, PostgresError):
        return _is_outage(error.sqlstate)
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    state: str | None = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return _is_outage(state)
    text = str(error.orig).lower()
    return isinstance(error, OperationalError) and any(sign in text for sign in _SQLITE_OUTAGES)


def _is_outage(state: str) -> bool:
    return state in _SERIALIZATION_STATES or state[:2] in _OUTAGE_CLASSES


def _sqlite_engine(url: str, *, connections: int, begin: str) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=WAIT_S,
        hide_parameters=True,
        connect_args={"timeout": WAIT_S},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgres_engine(url: str) -> AsyncEngine:
    """Transactions are begun and ended by `Database.write`; a query needs none."""
    engine = create_async_engine(
        url,
        pool_size=5,
        max_overflow=5,
        pool_timeout=WAIT_S,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        connect_args=_POSTGRES_TIMES,
    )
    event.listen(engine.sync_engine, "checkout", _replace_if_closed)
    return engine


def _replace_if_closed(connection: Any, _record: Any, _proxy: Any) -> None:
    """The driver hears of the end at once, so that nobody need ask: that takes three trips."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError("the server has closed it")
