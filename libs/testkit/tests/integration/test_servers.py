import asyncio

import asyncpg
import pytest
from sqlalchemy import text

from servers.processes import accepts_connections
from storage.database import Database
from testkit.brokers import EmbeddedBroker
from testkit.postgres import PostgresServer
from testkit.waiting import until


async def test_each_database_is_new_and_gone_afterwards(postgres_server: PostgresServer) -> None:
    urls = [postgres_server.create_database() for _ in range(2)]
    for url in urls:
        db = Database(url)
        async with db.write() as connection:
            await connection.execute(text("CREATE TABLE things (id int)"))
        postgres_server.drop_database(url)
        await db.close()


async def test_the_server_is_a_recent_postgresql(postgres_url: str) -> None:
    db = Database(postgres_url)
    async with db.read() as connection:
        version = await connection.execute(text("SHOW server_version_num"))
        assert int(version.scalar_one()) >= 160_000
    await db.close()


def test_a_broker_comes_back_at_the_same_address(own_broker: EmbeddedBroker) -> None:
    address = own_broker.bootstrap_servers
    port = int(address.rpartition(":")[2])
    own_broker.kill()
    assert not accepts_connections(port)
    own_broker.restart_empty()
    assert own_broker.bootstrap_servers == address
    assert accepts_connections(port)


async def test_a_database_server_that_is_killed_while_it_works_comes_back(
    own_postgres_server: PostgresServer,
) -> None:
    busy, watching = [await asyncpg.connect(own_postgres_server.url) for _ in range(2)]
    query = asyncio.create_task(busy.execute("SELECT pg_sleep(60)"))
    at_work = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_s%'"

    async def is_at_work() -> bool:
        return bool(await watching.fetch(at_work))

    await until(is_at_work)
    own_postgres_server.restart()
    with pytest.raises((asyncpg.PostgresError, OSError)):
        await query
    own_postgres_server.drop_database(own_postgres_server.create_database())
    own_postgres_server.stop()
    own_postgres_server.restart()
