"""Writes that are conditional on the version that was read."""

from typing import Any

from sqlalchemy import Table, update
from sqlalchemy.ext.asyncio import AsyncConnection


class StaleVersion(Exception):
    """Somebody else has written the row since it was read; nothing has changed."""


async def update_version(
    connection: AsyncConnection, table: Table, *, id: Any, read_version: int, values: dict[str, Any]
) -> None:
    """Update the row with that `id` if it still has `read_version`.

    `values` hold the new version. Raises StaleVersion.
    """
    updated = await connection.execute(
        update(table).where(table.c.id == id, table.c.version == read_version).values(**values)
    )
    if updated.rowcount != 1:
        raise StaleVersion(f"{table.name} {id} is no longer at version {read_version}")
