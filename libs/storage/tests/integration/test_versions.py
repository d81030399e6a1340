import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select

from storage.database import Database
from storage.versions import StaleVersion, update_version

things = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("version", Integer),
    Column("size", Integer),
)


@pytest.fixture
async def db_of_things(db: Database) -> Database:
    async with db.write() as connection:
        await connection.run_sync(things.metadata.create_all)
        await connection.execute(insert(things).values(id=1, version=1, size=10))
    return db


async def change(db: Database, *, read_version: int, size: int) -> None:
    async with db.write() as connection:
        await update_version(
            connection,
            things,
            id=1,
            read_version=read_version,
            values={"version": read_version + 1, "size": size},
        )


async def test_a_row_that_is_as_it_was_read_is_written(db_of_things: Database) -> None:
    await change(db_of_things, read_version=1, size=20)
    async with db_of_things.read() as connection:
        assert (await connection.execute(select(things))).one() == (1, 2, 20)


async def test_a_row_that_has_changed_since_is_left_alone(db_of_things: Database) -> None:
    await change(db_of_things, read_version=1, size=20)
    with pytest.raises(StaleVersion, match="no longer at version 1"):
        await change(db_of_things, read_version=1, size=30)
    async with db_of_things.read() as connection:
        assert (await connection.execute(select(things.c.size))).scalar_one() == 20
