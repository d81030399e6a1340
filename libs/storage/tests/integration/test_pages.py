from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from libs.storage.tests.instances import notes
from sqlalchemy import delete, insert, select

from contracts.ids import new_id
from storage.database import Database
from storage.pages import BadCursor, fetch_page


async def fill(db: Database, count: int) -> list[UUID]:
    ids = [new_id() for _ in range(count)]
    async with db.write() as connection:
        await connection.execute(delete(notes))
        if ids:
            rows = [{"id": note_id, "text": "x"} for note_id in ids]
            await connection.execute(insert(notes), rows)
    return ids


async def page(db: Database, limit: int, after: str | None) -> tuple[list[UUID], str | None]:
    async with db.read() as connection:
        rows, cursor = await fetch_page(
            connection, select(notes), notes.c.id, limit=limit, after=after
        )
    return [row.id for row in rows], cursor


@given(count=st.integers(0, 12), limit=st.integers(1, 13))
@settings(
    deadline=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_the_pages_together_are_the_list_newest_first_each_item_once(
    db: Database, count: int, limit: int
) -> None:
    ids = await fill(db, count)
    found, cursor = await page(db, limit, None)
    sizes = [len(found)]
    while cursor:
        items, cursor = await page(db, limit, cursor)
        found += items
        sizes.append(len(items))
    assert found == sorted(ids, reverse=True)
    assert all(size == limit for size in sizes[:-1])
    assert sizes[-1] > 0 or count == 0


async def test_what_is_added_meanwhile_shifts_no_page(db: Database) -> None:
    ids = await fill(db, 4)
    first, cursor = await page(db, 2, None)
    async with db.write() as connection:
        await connection.execute(insert(notes).values(id=new_id(), text="new"))
    second, _ = await page(db, 2, cursor)
    assert first + second == sorted(ids, reverse=True)


@pytest.mark.parametrize("cursor", ["", "x", "not a cursor", "é", str(UUID(int=7)), "A" * 200])
async def test_a_cursor_that_no_page_has_given_out_is_refused(db: Database, cursor: str) -> None:
    with pytest.raises(BadCursor):
        await page(db, 2, cursor)
