from sqlalchemy import text

from storage.database import Database
from testkit.brokers import EmbeddedBroker
from testkit.postgres import PostgresServer
from testkit.processes import accepts_connections


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
