"""Keyset pages: newest first, by an id that sorts by time."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, Row, Select
from sqlalchemy.ext.asyncio import AsyncConnection

LIMIT: Final = 20
MAX_LIMIT: Final = 100


class BadCursor(ValueError):
    """The text is not a cursor that a page has given out."""


async def fetch_page(
    connection: AsyncConnection,
    query: "Select[Any]",
    id_column: "Column[UUID]",
    *,
    limit: int,
    after: str | None,
) -> tuple[Sequence["Row[Any]"], str | None]:
    """Rows of `query` with the newest id first, and the cursor of the next page.

    Raises BadCursor for an `after` that no page has given out.
    """
    if after is not None:
        query = query.where(id_column < _id_in(after))
    rows = (await connection.execute(query.order_by(id_column.desc()).limit(limit + 1))).all()
    if len(rows) <= limit:
        return rows, None
    last = getattr(rows[limit - 1], id_column.name)
    return rows[:limit], urlsafe_b64encode(last.bytes).decode().rstrip("=")


def _id_in(cursor: str) -> UUID:
    try:
        return UUID(bytes=urlsafe_b64decode(cursor + "=="))
    except ValueError:
        raise BadCursor(f"{cursor!r} is not a cursor of this list") from None
