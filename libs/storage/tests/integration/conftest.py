from collections.abc import AsyncIterator

import pytest
from libs.storage.tests.instances import (
    Instance,
    MongoInstance,
    OpenInstance,
    metadata,
    mongo_instance,
    sql_instance,
)
from libs.storage.tests.mongo_notes import Hold
from pymongo.asynchronous.collection import AsyncCollection

from messaging.dead_letters import DeadLetters
from messaging.store import Inbox, Jobs, Outbox, Requests, Store
from storage.database import Database
from storage.work import PostingWork


@pytest.fixture
async def db(sql_url: str) -> AsyncIterator[Database]:
    """A SQL store with the tables of delivery and one table of notes."""
    database = Database(sql_url)
    async with database.write() as connection:
        await connection.run_sync(metadata.create_all)
    yield database
    await database.close()


@pytest.fixture(params=["sqlite", "postgres", "mongo"])
def open_instance(request: pytest.FixtureRequest) -> OpenInstance:
    """The test runs once on each kind of store; each call is another instance on the same one."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    make = mongo_instance if request.param == "mongo" else sql_instance
    return lambda: make(url)


@pytest.fixture
async def instance(open_instance: OpenInstance) -> AsyncIterator[Instance]:
    """An instance of a service that keeps notes."""
    instance = open_instance()
    await instance.prepare()
    yield instance
    await instance.delivery.close()


@pytest.fixture
async def other(open_instance: OpenInstance, instance: Instance) -> AsyncIterator[Instance]:
    """Another instance of the same service."""
    other = open_instance()
    yield other
    await other.delivery.close()


@pytest.fixture
def store(instance: Instance) -> Store[PostingWork]:
    return instance.delivery.store


@pytest.fixture
def outbox(instance: Instance) -> Outbox:
    return instance.delivery.outbox


@pytest.fixture
def inbox(instance: Instance) -> Inbox:
    return instance.delivery.inbox


@pytest.fixture
def requests(instance: Instance) -> Requests:
    return instance.delivery.requests


@pytest.fixture
def jobs(instance: Instance) -> Jobs:
    return instance.delivery.jobs


@pytest.fixture
def letters(instance: Instance) -> DeadLetters:
    return instance.delivery.dead_letters


@pytest.fixture
async def one(mongo_url: str) -> AsyncIterator[MongoInstance]:
    """An instance on MongoDB, whose locks don't run out however slow the machine is."""
    instance = mongo_instance(mongo_url)
    await instance.prepare()
    instance.delivery.finisher.lock_s = 600.0
    yield instance
    await instance.delivery.close()


@pytest.fixture
async def another(mongo_url: str, one: MongoInstance) -> AsyncIterator[MongoInstance]:
    """Another one on the same database."""
    instance = mongo_instance(mongo_url)
    yield instance
    await instance.delivery.close()


@pytest.fixture
def hold(monkeypatch: pytest.MonkeyPatch) -> Hold:
    hold = Hold()
    monkeypatch.setattr(AsyncCollection, "insert_one", hold.around(AsyncCollection.insert_one))
    monkeypatch.setattr(AsyncCollection, "replace_one", hold.around(AsyncCollection.replace_one))
    return hold
