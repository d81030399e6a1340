"""What becomes of a connection to PostgreSQL on which something has gone wrong."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from libs.storage.tests.instances import metadata, notes
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from contracts.ids import new_id
from storage.database import Database, is_transient


@pytest.fixture
async def postgres(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(postgres_url)
    async with database.write() as connection:
        await connection.run_sync(metadata.create_all)
    yield database
    await database.close()


async def write(db: Database, content: str, *, error: Exception | None = None) -> None:
    async with db.write() as connection:
        await connection.execute(insert(notes).values(id=new_id(), text=content))
        if error is not None:
            raise error


async def test_a_connection_whose_rollback_failed_is_not_used_again(
    postgres: Database, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = asyncpg.Connection.execute

    async def cut_off(self: Any, query: str, *arguments: Any, **options: Any) -> Any:
        if query.startswith("ROLLBACK"):
            raise TimeoutError
        return await execute(self, query, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(asyncpg.Connection, "execute", cut_off)
        with pytest.raises(TimeoutError):
            await write(postgres, "bad", error=ZeroDivisionError())
    await write(postgres, "good")
    reader = Database(postgres_url)
    async with reader.read() as connection:
        assert list((await connection.execute(select(notes.c.text))).scalars()) == ["good"]
    await reader.close()


async def test_a_query_that_the_server_cancels_is_an_outage(postgres: Database) -> None:
    with pytest.raises(asyncpg.QueryCanceledError) as by_hand:
        await postgres.fetch("SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(10)")
    assert is_transient(by_hand.value)
    with pytest.raises(DBAPIError) as in_time:  # noqa: PT012
        async with postgres.write() as connection:
            await connection.execute(text("SET LOCAL statement_timeout = '10ms'"))
            await connection.execute(text("SELECT pg_sleep(10)"))
    assert is_transient(in_time.value)


async def test_a_session_that_the_server_ends_is_an_outage_and_the_next_query_has_another(
    postgres: Database,
) -> None:
    with pytest.raises(asyncpg.PostgresError) as caught:
        await postgres.fetch("SELECT pg_terminate_backend(pg_backend_pid())")
    assert is_transient(caught.value)
    [row] = await postgres.fetch("SELECT 1 AS one")
    assert row["one"] == 1
