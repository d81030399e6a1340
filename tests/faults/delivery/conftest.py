import os
import random
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from servers.processes import ServerUnavailable
from testkit.kafka import KafkaServer, new_kafka
from testkit.postgres import PostgresDatabases
from testkit.probe import BrokerPowers, probe, requires
from tests.faults.delivery.system import System

IS_WHOLE_SET = os.environ.get("FRONTDESK_FAULTS") == "all"

NEEDED = ("groups", "evicts_dead_members", "idempotence", "keeps_acknowledged_records")
"""A broker without these loses or repeats by itself what a scenario would lay to our charge."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "whole_set: a scenario of `make test-faults` alone")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long scenarios out of the short set."""
    left_out = [] if IS_WHOLE_SET else [i for i in items if i.get_closest_marker("whole_set")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kafka_powers() -> BrokerPowers | None:
    """What the scenarios' kind of broker can show. It takes as long as a session timeout, so the
    short set doesn't ask."""
    if not IS_WHOLE_SET:
        return None
    try:
        with new_kafka() as kafka:
            return await probe(kafka.bootstrap_servers, name="Kafka", restart=kafka.restart)
    except ServerUnavailable:
        return None  # whoever needs one is skipped, and says so


@pytest.fixture
def able_kafka(kafka_powers: BrokerPowers | None, own_kafka: KafkaServer) -> KafkaServer:
    """A broker of this scenario alone, of a kind that can show what is needed."""
    if kafka_powers is not None:
        requires(kafka_powers, *NEEDED)
    return own_kafka


@pytest.fixture
def commands() -> int:
    """How many commands a scenario accepts."""
    return 5_000 if IS_WHOLE_SET else 3_000


@pytest.fixture
def ledger_server(postgres_server: PostgresDatabases) -> PostgresDatabases:
    """Where the ledger's database lies."""
    return postgres_server


@pytest.fixture
def urls(
    postgres_server: PostgresDatabases, ledger_server: PostgresDatabases
) -> Iterator[dict[str, str]]:
    """A database for each process."""
    servers = {"gateway": postgres_server, "ledger": ledger_server, "catalog": postgres_server}
    made = {name: server.create_database() for name, server in servers.items()}
    yield made
    for name, url in made.items():
        servers[name].drop_database(url)


@pytest.fixture
def detours() -> dict[str, str]:
    """Other ways of the processes to a database or to the broker: there are none."""
    return {}


@pytest.fixture
async def system(
    urls: dict[str, str],
    detours: dict[str, str],
    able_kafka: KafkaServer,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> AsyncIterator[System]:
    """The system under test, with nothing started yet. All that is random comes from its seed."""
    seed = int(os.environ.get("FRONTDESK_FAULT_SEED") or random.SystemRandom().randrange(10**6))
    print(f"FRONTDESK_FAULT_SEED={seed}")
    under_test = System(
        seed=seed,
        folder=tmp_path,
        bootstrap_servers=able_kafka.bootstrap_servers,
        urls=urls,
        detours=detours,
    )
    async with under_test as system:
        yield system
        record_property("scenario", system.summary())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What each scenario has been through, in one line."""
    for report in terminalreporter.getreports(""):
        for name, line in report.user_properties:
            if name == "scenario" and report.when == "teardown":
                terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}\n    {line}")
