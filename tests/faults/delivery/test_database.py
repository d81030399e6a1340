import asyncio

import psutil
import pytest

from testkit.postgres import PostgresServer
from tests.faults.delivery.system import System

STANDS_STILL_S = 30.0

pytestmark = pytest.mark.whole_set


@pytest.fixture
def ledger_server(own_postgres_server: PostgresServer) -> PostgresServer:
    """One that can be stopped, and nobody else with it."""
    return own_postgres_server


async def test_a_database_that_stands_still_delays_and_loses_nothing(
    system: System, ledger_server: PostgresServer, commands: int
) -> None:
    server = psutil.Process(ledger_server._process._process.pid)
    system.start()
    async with system.under_load(commands):
        await system.has_heard(system.random.randrange(500, 1_500))
        stopped = [server, *server.children(recursive=True)]
        try:
            for process in stopped:
                process.suspend()
            await asyncio.sleep(STANDS_STILL_S)
        finally:
            for process in stopped:
                process.resume()
    await system.keeps_its_promise()


async def test_a_database_stopped_and_started_again_is_picked_up_where_it_was(
    system: System, ledger_server: PostgresServer, commands: int
) -> None:
    system.start()
    async with system.under_load(commands):
        await system.has_heard(system.random.randrange(500, 1_500))
        ledger_server.stop()
        await asyncio.to_thread(ledger_server.restart)
    await system.keeps_its_promise()
