from collections.abc import AsyncIterator

import pytest
from sqlalchemy.engine import make_url

from testkit.kafka import KafkaServer
from testkit.proxy import FaultProxy
from testkit.waiting import until
from tests.faults.delivery.system import System

CUTS = 8

pytestmark = pytest.mark.whole_set


@pytest.fixture
async def kafka_proxy(own_kafka: KafkaServer) -> AsyncIterator[FaultProxy]:
    async with own_kafka.proxy() as proxy:
        yield proxy


@pytest.fixture
async def ledger_proxy(urls: dict[str, str]) -> AsyncIterator[FaultProxy]:
    port = make_url(urls["ledger"]).port
    assert port
    async with FaultProxy(port) as proxy:
        yield proxy


@pytest.fixture
def detours(
    own_kafka: KafkaServer, kafka_proxy: FaultProxy, ledger_proxy: FaultProxy, urls: dict[str, str]
) -> dict[str, str]:
    """The processes reach the broker, and the ledger its database, behind a proxy."""
    ledger = make_url(urls["ledger"]).set(port=ledger_proxy.port)
    return {
        "kafka": own_kafka.proxied_bootstrap_servers,
        "ledger": ledger.render_as_string(hide_password=False),
    }


async def cut_again_and_again(system: System, proxy: FaultProxy) -> None:
    """Each cut in the middle of a response, when the one before it has been mended."""
    for _ in range(CUTS):
        connections = proxy.accepted
        proxy.cut("to_client", after_bytes=system.random.randrange(1, 40_000))
        await until(lambda: proxy.accepted > connections, at_most_s=60)  # noqa: B023


async def test_connections_to_the_broker_cut_in_the_middle_of_a_response_are_made_up_for(
    system: System, kafka_proxy: FaultProxy, commands: int
) -> None:
    system.start()
    async with system.under_load(commands):
        await system.has_heard(100)
        await cut_again_and_again(system, kafka_proxy)
    await system.keeps_its_promise()


async def test_connections_to_the_store_cut_in_the_middle_of_a_response_repeat_no_effect(
    system: System, ledger_proxy: FaultProxy, commands: int
) -> None:
    system.start()
    async with system.under_load(commands):
        await system.has_heard(100)
        await cut_again_and_again(system, ledger_proxy)
    await system.keeps_its_promise()
