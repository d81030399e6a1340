"""Does a service's first migration make the tables that its code declares?"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, MetaData, inspect
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from servers.processes import run_apart
from storage.migrations import upgrade


def migrate(url: str, folder: Path) -> None:
    """Bring a database to the newest migration, whether a loop runs here or not."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(upgrade, url, folder).result()


def assert_migrations_match(url: str, folder: Path, metadata: MetaData) -> None:
    """Migrate the empty database at `url`, and compare all it has with what `metadata` declares.

    Raises AssertionError naming the differences in tables, columns, types, indexes and constraints.
    """
    migrate(url, folder)
    differences = run_apart(_differences(url, metadata))
    assert not differences, "\n".join(str(difference) for difference in differences)


async def _differences(url: str, metadata: MetaData) -> list[Any]:
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_compare, metadata)
    finally:
        await engine.dispose()


def _compare(connection: Connection, metadata: MetaData) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return [*compare_metadata(context, metadata), *_checks(connection, metadata)]


def _checks(connection: Connection, metadata: MetaData) -> list[Any]:
    """Alembic compares no CHECK constraints, and a ledger rests on some."""
    inspector = inspect(connection)
    differences = []
    for table in metadata.sorted_tables:
        if not inspector.has_table(table.name):
            continue
        declared = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
        found = {str(check["name"]) for check in inspector.get_check_constraints(table.name)}
        differences += [("check", table.name, name) for name in sorted(declared ^ found)]
    return differences
