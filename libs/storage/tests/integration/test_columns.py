from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from libs.storage.tests.instances import notes
from sqlalchemy import insert, select
from sqlalchemy.exc import StatementError

from storage.database import Database

offsets = st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))
moments = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=offsets)  # noqa: DTZ001


@given(moments)
@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_a_moment_comes_back_as_the_same_moment_in_utc(
    db: Database, moment: datetime
) -> None:
    note_id = uuid4()
    async with db.write() as connection:
        await connection.execute(insert(notes).values(id=note_id, text="x", written_at=moment))
        found = await connection.execute(select(notes.c.written_at).where(notes.c.id == note_id))
        stored = found.scalar_one()
    assert stored == moment
    assert stored.tzinfo is UTC


async def test_moments_are_compared_as_moments_wherever_they_were_written(db: Database) -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    earlier_by_a_later_clock = datetime(2026, 1, 1, 13, tzinfo=timezone(timedelta(hours=2)))
    async with db.write() as connection:
        for moment in (noon, earlier_by_a_later_clock):
            await connection.execute(insert(notes).values(id=uuid4(), text="x", written_at=moment))
        query = select(notes.c.written_at).where(notes.c.written_at < noon)
        assert (await connection.execute(query)).scalars().all() == [earlier_by_a_later_clock]


async def test_no_moment_is_no_moment(db: Database) -> None:
    async with db.write() as connection:
        await connection.execute(insert(notes).values(id=uuid4(), text="x", written_at=None))
        assert (await connection.execute(select(notes.c.written_at))).scalar_one() is None


async def test_a_moment_without_a_zone_is_refused(db: Database) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    async with db.write() as connection:
        with pytest.raises(StatementError, match="without a time zone"):
            await connection.execute(insert(notes).values(id=uuid4(), text="x", written_at=naive))
