"""Runs a service's Alembic migrations, and makes the tables of delivery in its first one.

A service's `migrations/env.py` calls `run_in_alembic`; its settings say where the folder is.
"""

import asyncio
from pathlib import Path
from typing import Final

from alembic import command, context, op
from alembic.config import Config
from sqlalchemy import MetaData, text
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from storage.tables import delivery_tables

_LOCK: Final = 7_233_001
"""The advisory lock that keeps two instances from migrating one PostgreSQL database at once."""


def upgrade(url: str, folder: Path) -> None:
    """Bring the database at `url` to the newest migration in `folder`.

    Makes the parent folder of a SQLite file. Raises what the driver raises.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.attributes["url"] = url
    command.upgrade(config, "head")


def run_in_alembic(metadata: MetaData) -> None:
    """What `env.py` does: run the migrations in one transaction on one connection."""
    asyncio.run(_migrate(context.config.attributes["url"], metadata))


def create_delivery_tables() -> None:
    """The tables of delivery as of version 0.1.0, for a service's first migration."""
    metadata = MetaData()
    delivery_tables(metadata)
    metadata.create_all(op.get_bind())


async def _migrate(url: str, metadata: MetaData) -> None:
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_run, metadata)
    finally:
        await engine.dispose()


def _run(connection: Connection, metadata: MetaData) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
