"""Keyset pages: newest first, by an id that sorts by time. Cursors are alike in every store."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import Column, Row, Select
from sqlalchemy.ext.asyncio import AsyncConnection

LIMIT: Final = 20
MAX_LIMIT: Final = 100

R = TypeVar("R")


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
        query = query.where(id_column < id_in(after))
    rows = (await connection.execute(query.order_by(id_column.desc()).limit(limit + 1))).all()
    return cut_page(rows, limit, lambda row: getattr(row, id_column.name))


def cut_page(
    rows: Sequence[R], limit: int, id_of: Callable[[R], UUID]
) -> tuple[Sequence[R], str | None]:
    """The first `limit` of the rows, and a cursor after them if there are more.

    So whoever fetches a page asks its store for `limit + 1` rows.
    """
    if len(rows) <= limit:
        return rows, None
    last = id_of(rows[limit - 1])
    return rows[:limit], urlsafe_b64encode(last.bytes).decode().rstrip("=")


def id_in(cursor: str) -> UUID:
    """The last id of the page that gave out the cursor. Raises BadCursor."""
    try:
        return UUID(bytes=urlsafe_b64decode(cursor + "=="))
    except ValueError:
        raise BadCursor(f"{cursor!r} is not a cursor of this list") from None
