"""The fixtures of every test: backing servers, each started once, and only when a test asks.

A server that can't be had skips the tests that need it, and the summary says so in one line.
"""

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from typing import Final

import pytest

from servers.processes import ServerUnavailable
from testkit.brokers import Broker, EmbeddedBroker, broker_for_tests, new_broker
from testkit.kafka import KafkaServer, kafka_for_tests, new_kafka
from testkit.mongodb import MongoDatabases, MongoServer, mongodb_for_tests, new_mongodb
from testkit.postgres import (
    PostgresDatabases,
    PostgresServer,
    new_postgres,
    postgres_for_tests,
)
from testkit.processes import temporary_folder
from testkit.redis import RedisDatabase, redis_for_tests

_MISSING: Final = re.compile(r"needs (?P<server>[A-Za-z ]+), which can't be had: (?P<why>.*)")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresDatabases]:
    """A PostgreSQL server, the same for the whole session (with xdist: one for each worker)."""
    try:
        with postgres_for_tests() as server:
            yield server
    except ServerUnavailable as error:
        _skip("PostgreSQL", error)


@pytest.fixture
def own_postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server for this test alone, which may stop it."""
    try:
        with new_postgres() as server:
            yield server
    except ServerUnavailable as error:
        _skip("PostgreSQL", error)


@pytest.fixture
def postgres_url(postgres_server: PostgresDatabases) -> Iterator[str]:
    """A new PostgreSQL database."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture(scope="session")
def mongo_server() -> Iterator[MongoDatabases]:
    """A server of MongoDB's protocol, the same for the whole session."""
    try:
        with mongodb_for_tests() as server:
            yield server
    except ServerUnavailable as error:
        _skip("MongoDB", error)


@pytest.fixture
def own_mongo_server() -> Iterator[MongoServer]:
    """A server of MongoDB's protocol for this test alone, which may kill it."""
    try:
        with new_mongodb() as server:
            yield server
    except ServerUnavailable as error:
        _skip("MongoDB", error)


@pytest.fixture
def mongo_url(mongo_server: MongoDatabases) -> Iterator[str]:
    """A MongoDB database that isn't there yet."""
    url = mongo_server.create_database()
    yield url
    mongo_server.drop_database(url)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisDatabase]:
    """A server of Redis' protocol, the same for the whole session."""
    try:
        with redis_for_tests() as database:
            yield database
    except ServerUnavailable as error:
        _skip("Redis", error)


@pytest.fixture
def redis_url(redis_server: RedisDatabase) -> Iterator[str]:
    """An empty Redis database."""
    redis_server.clear()
    yield redis_server.url
    redis_server.clear()


@pytest.fixture
def sqlite_url() -> Iterator[str]:
    """A SQLite file that isn't there yet."""
    folder = temporary_folder("sqlite")
    yield f"sqlite+aiosqlite:///{folder / 'store.db'}"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgres"])
def sql_url(request: pytest.FixtureRequest) -> str:
    """The test runs once on each SQL store."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    """A Kafka broker with the declared topics, the same for the whole session."""
    try:
        with broker_for_tests() as broker:
            yield broker
    except ServerUnavailable as error:
        _skip("a broker", error)


@pytest.fixture
def own_broker() -> Iterator[EmbeddedBroker]:
    """A broker for this test alone, which may restart it."""
    try:
        with new_broker() as broker:
            yield broker
    except ServerUnavailable as error:
        _skip("a broker", error)


@pytest.fixture(scope="session")
def kafka() -> Iterator[Broker]:
    """A broker that keeps what it has acknowledged, the same for the whole session."""
    try:
        with kafka_for_tests() as kafka:
            yield kafka
    except ServerUnavailable as error:
        _skip("Apache Kafka", error)


@pytest.fixture
def own_kafka() -> Iterator[KafkaServer]:
    """Apache Kafka for this test alone, which may kill it, or get between it and its clients."""
    try:
        with new_kafka() as kafka:
            yield kafka
    except ServerUnavailable as error:
        _skip("Apache Kafka", error)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each server that was missing."""
    missing: Counter[tuple[str, str]] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        _path, _line, reason = report.longrepr
        if found := _MISSING.search(reason):
            missing[found["server"], found["why"]] += 1
    for (server, why), count in missing.items():
        terminalreporter.write_line(f"Without {server}: {count} tests skipped ({why})")


def _skip(server: str, error: ServerUnavailable) -> None:
    pytest.skip(f"needs {server}, which can't be had: {error}")
