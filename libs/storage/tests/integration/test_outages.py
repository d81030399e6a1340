"""What counts as an outage is decided by what real stores raise."""

import socket
from uuid import uuid4

import pytest
from libs.storage.tests.instances import notes
from sqlalchemy import insert, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from storage import database
from storage.database import Database, is_transient
from testkit.postgres import PostgresServer


async def error_of(db: Database, *statements: str) -> BaseException:
    async def execute() -> None:
        async with db.write() as connection:
            for statement in statements:
                await connection.execute(text(statement))

    with pytest.raises(Exception) as caught:  # noqa: PT011
        await execute()
    return caught.value


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "WAIT_S", 0.05)


@pytest.mark.usefixtures("impatient")
async def test_a_sqlite_file_that_another_process_writes_to_is_busy(sqlite_url: str) -> None:
    writer, other = Database(sqlite_url), Database(sqlite_url)
    async with writer.write():
        assert is_transient(await error_of(other, "SELECT 1"))
    await writer.close()
    await other.close()


@pytest.mark.usefixtures("impatient")
async def test_a_store_without_a_free_connection_is_busy(sqlite_url: str) -> None:
    db = Database(sqlite_url)
    async with db.write():
        assert is_transient(await error_of(db, "SELECT 1"))
    await db.close()


async def test_a_folder_that_is_gone_is_an_outage() -> None:
    db = Database("sqlite+aiosqlite:////nowhere/at/all/store.db")
    assert is_transient(await error_of(db, "SELECT 1"))
    await db.close()


async def test_a_server_that_stops_is_an_outage_in_a_transaction_and_before_the_next(
    own_postgres_server: PostgresServer,
) -> None:
    db = Database(own_postgres_server.create_database())
    await db.check()
    with pytest.raises(Exception) as caught:  # noqa: PT011, PT012
        async with db.write() as connection:
            await connection.execute(text("SELECT 1"))
            own_postgres_server.stop()
            await connection.execute(text("SELECT 1"))
    assert is_transient(caught.value)
    assert is_transient(await error_of(db, "SELECT 1"))
    await db.close()


async def test_a_server_that_takes_no_more_connections_is_an_outage(postgres_url: str) -> None:
    db = Database(postgres_url)
    role = f"role_{uuid4().hex}"
    async with db.write() as connection:
        await connection.execute(text(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 0"))
    crowded = Database(make_url(postgres_url).set(username=role).render_as_string())
    assert is_transient(await error_of(crowded, "SELECT 1"))
    async with db.write() as connection:
        await connection.execute(text(f"DROP ROLE {role}"))
    await crowded.close()
    await db.close()


async def test_a_row_that_somebody_else_holds_is_worth_another_try(postgres_url: str) -> None:
    db = Database(postgres_url)
    async with db.write() as connection:
        await connection.execute(text("CREATE TABLE held (id int)"))
        await connection.execute(text("INSERT INTO held VALUES (1)"))
    async with db.write() as connection:
        await connection.execute(text("SELECT * FROM held FOR UPDATE"))
        patience = "SET LOCAL lock_timeout = '10ms'"
        error = await error_of(db, patience, "SELECT * FROM held FOR UPDATE")
    assert is_transient(error)
    await db.close()


async def test_a_transaction_that_others_have_overtaken_is_worth_another_try(
    postgres_url: str,
) -> None:
    db = Database(postgres_url)
    async with db.write() as connection:
        await connection.execute(text("CREATE TABLE counts (n int)"))
        await connection.execute(text("INSERT INTO counts VALUES (1)"))
    with pytest.raises(DBAPIError) as caught:  # noqa: PT012
        async with db.write() as connection:
            await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            await connection.execute(text("SELECT * FROM counts"))
            async with db.write() as other:
                await other.execute(text("UPDATE counts SET n = n + 1"))
            await connection.execute(text("UPDATE counts SET n = n + 1"))
    assert is_transient(caught.value)
    await db.close()


async def test_a_mistake_in_the_code_is_no_outage(db: Database) -> None:
    same = uuid4()
    assert not is_transient(await error_of(db, "SELECT * FROM nothing"))
    assert not is_transient(await error_of(db, "this is no SQL"))
    with pytest.raises(DBAPIError) as caught:  # noqa: PT012
        async with db.write() as connection:
            for _ in range(2):
                await connection.execute(insert(notes).values(id=same, text="x"))
    assert not is_transient(caught.value)


@pytest.mark.parametrize(
    "error", [ConnectionRefusedError(), TimeoutError(), socket.gaierror(-2, "Name not known")]
)
def test_a_network_that_is_away_is_an_outage(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize("error", [ValueError(), KeyError("x"), FileNotFoundError(), OSError()])
def test_other_errors_are_not(error: Exception) -> None:
    assert not is_transient(error)
