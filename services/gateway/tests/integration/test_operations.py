"""SqlOperations beside each other on one store: what HTTP can't show."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from services.gateway.tests.fakes import ADA, EVE, an_operation
from services.gateway.tests.integration.conftest import MIGRATIONS
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.adapters.sql import SqlOperationReads, SqlOperationRetention, SqlOperations
from gateway.application.ports import KeyTaken
from gateway.domain.operation import KEY_LIFETIME, Operation
from gateway.domain.refusals import OperationNotFound
from storage.database import Database
from testkit.migrations import migrate

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
async def db(sql_url: str) -> AsyncIterator[Database]:
    migrate(sql_url, MIGRATIONS)
    db = Database(sql_url)
    yield db
    await db.close()


async def add(db: Database, *operations: Operation) -> None:
    async with db.write() as connection:
        for operation in operations:
            await SqlOperations(connection).add(operation)


async def test_an_operation_comes_back_as_it_was_kept(db: Database) -> None:
    operation = an_operation(idempotency_key="key", created_at=NOW)
    await add(db, operation)
    operation.finish("refused", result=None, problem={"status": 409}, at=NOW)
    async with db.write() as connection:
        await SqlOperations(connection).save(operation)
    async with db.write() as connection:
        assert await SqlOperations(connection).get(operation.id) == operation
        assert await SqlOperations(connection).get(EVE) is None


async def test_operations_that_ended_long_ago_are_forgotten_and_accepted_ones_never(
    db: Database,
) -> None:
    now = datetime.now(UTC)
    accepted, recent, old = (an_operation(created_at=NOW) for _ in range(3))
    recent.finish("succeeded", result=None, problem=None, at=now - timedelta(days=29))
    old.finish("succeeded", result=None, problem=None, at=now - timedelta(days=31))
    await add(db, accepted, recent, old)

    assert await SqlOperationRetention(db, keep_days=30).purge_once() == 1

    async with db.write() as connection:
        operations = SqlOperations(connection)
        assert await operations.get(old.id) is None
        assert await operations.get(recent.id) == recent
        assert await operations.get(accepted.id) == accepted


@pytest.mark.parametrize(
    ("age", "is_known"),
    [(KEY_LIFETIME, True), (KEY_LIFETIME + timedelta(microseconds=1), False)],
)
async def test_a_key_names_its_operation_for_a_day(
    db: Database, age: timedelta, is_known: bool
) -> None:
    old = an_operation(idempotency_key="key", created_at=NOW - age)
    await add(db, old)
    async with db.write() as connection:
        found = await SqlOperations(connection).by_key(ADA, "key", now=NOW)
        assert (found == old) is is_known
        assert await SqlOperations(connection).by_key(EVE, "key", now=NOW) is None


async def test_a_key_whose_day_is_over_can_be_used_again(db: Database) -> None:
    old = an_operation(idempotency_key="key", created_at=NOW - timedelta(days=2))
    new = an_operation(idempotency_key="key", created_at=NOW)
    await add(db, old)
    async with db.write() as connection:
        operations = SqlOperations(connection)
        assert await operations.by_key(ADA, "key", now=NOW) is None
        await operations.add(new)
    async with db.write() as connection:
        operations = SqlOperations(connection)
        assert await operations.by_key(ADA, "key", now=NOW) == new
        stored = await operations.get(old.id)
        assert stored
        assert stored.idempotency_key is None


async def test_a_key_can_be_taken_once_and_no_key_as_often_as_one_likes(db: Database) -> None:
    await add(db, an_operation(idempotency_key="key"), an_operation(), an_operation())
    with pytest.raises(KeyTaken):
        await add(db, an_operation(idempotency_key="key"))
    await add(db, an_operation(idempotency_key="key", subject=EVE))


async def test_of_many_who_take_a_key_at_once_one_has_it(db: Database) -> None:
    operations = [an_operation(idempotency_key="key") for _ in range(5)]
    results = await asyncio.gather(
        *(add(db, operation) for operation in operations), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["KeyTaken"] * 4 + ["NoneType"]


async def take(connection: Any) -> None:
    operations = SqlOperations(connection)
    assert await operations.by_key(ADA, "key", now=NOW) is None
    await operations.add(an_operation(idempotency_key="key", created_at=NOW))


class Interrupted:
    """A connection on which somebody else gets a word in before each UPDATE."""

    def __init__(self, connection: AsyncConnection, meanwhile: Callable[[], Any]) -> None:
        self._connection = connection
        self._meanwhile = meanwhile

    async def execute(self, statement: Any) -> Any:
        if statement.is_update:
            await self._meanwhile()
        return await self._connection.execute(statement)


async def test_an_expired_key_is_not_taken_from_whoever_has_it_by_now(postgres_url: str) -> None:
    """On SQLite, with its one writer at a time, this can't happen."""
    migrate(postgres_url, MIGRATIONS)
    db = Database(postgres_url)
    await add(db, an_operation(idempotency_key="key", created_at=NOW - timedelta(days=2)))

    async def another_takes_it() -> None:
        async with db.write() as connection:
            await take(connection)

    async with db.write() as connection:
        with pytest.raises(KeyTaken):
            await take(Interrupted(connection, another_takes_it))
    await db.close()


async def test_views_show_people_their_own_and_staff_everything(db: Database) -> None:
    mine, other = an_operation(), an_operation(subject=EVE)
    await add(db, mine, other)
    reads = SqlOperationReads(db)
    assert (await reads.operation(mine.id, ADA)).id == mine.id
    assert (await reads.operation(other.id, None)).id == other.id
    with pytest.raises(OperationNotFound):
        await reads.operation(other.id, ADA)
    page = await reads.operations(ADA, state=None, limit=10, after=None)
    assert [item.id for item in page.items] == [mine.id]
    everything = await reads.operations(None, state="accepted", limit=10, after=None)
    assert [item.id for item in everything.items] == [other.id, mine.id]
