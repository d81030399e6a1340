"""A MongoDB server that goes away, and one that is killed while it works."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from itertools import count
from uuid import UUID

import pytest
from libs.messaging.tests.notes import NoteWritten
from libs.storage.tests.instances import MongoInstance, mongo_instance
from pymongo.errors import OperationFailure, PyMongoError

from contracts.ids import new_id
from messaging.envelope import Envelope
from messaging.inbox import InboxEntry
from messaging.work import Settlement
from storage.mongo import database
from storage.mongo.database import Conflict, is_transient
from testkit.mongodb import MongoServer
from testkit.waiting import until

DONE = Settlement.succeeded(None)


@pytest.fixture
async def instance(
    own_mongo_server: MongoServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MongoInstance]:
    monkeypatch.setattr(database, "WAIT_S", 0.5)
    instance = mongo_instance(own_mongo_server.create_database())
    await instance.prepare()
    yield instance
    await instance.delivery.close()


async def write(instance: MongoInstance, *note_ids: UUID) -> None:
    """What two commands lead to, whose ids are those of their notes; known ones are left out."""
    async with instance.delivery.store.begin() as transaction:
        known = await transaction.received(note_ids)
        for note_id in set(note_ids) - set(known):
            cause = Envelope(
                type="WriteNote", source="test", subject="1", id=note_id, correlation_id=note_id
            )
            async with transaction.work(cause) as work:
                work.documents.add("notes", {"_id": note_id, "text": "x"})
                work.announce(NoteWritten(note_id=note_id, text="x"), version=1)
            transaction.remember(InboxEntry.of("notes", cause, "f" * 64).settled(DONE))


async def write_surely(instance: MongoInstance, *note_ids: UUID) -> int:
    """The same batch again and again, until it is committed; returns how often it failed."""
    for failures in count():
        try:
            await write(instance, *note_ids)
        except (Conflict, PyMongoError) as error:
            if not is_transient(error):
                raise
        else:
            return failures
    raise AssertionError


async def error_of(instance: MongoInstance) -> BaseException:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        await write(instance, new_id())
    return caught.value


async def test_a_server_that_is_away_is_an_outage_and_soon_known(
    own_mongo_server: MongoServer, instance: MongoInstance
) -> None:
    own_mongo_server.stop()
    async with asyncio.timeout(10):
        assert is_transient(await error_of(instance))
        assert is_transient(await error_of(instance))
        with pytest.raises(Exception) as caught:  # noqa: PT011
            await instance.delivery.check()
    assert is_transient(caught.value)


async def test_a_server_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing(
    own_mongo_server: MongoServer, instance: MongoInstance
) -> None:
    instance.delivery.finisher.lock_s = 0.05
    written: list[UUID] = []
    failures: list[int] = []
    is_over = asyncio.Event()

    async def keep_writing() -> None:
        while not is_over.is_set():
            pair = (new_id(), new_id())
            failures.append(await write_surely(instance, *pair))
            written.extend(pair)

    def has_written(enough: int) -> bool:
        return len(written) >= enough

    async with asyncio.timeout(60):
        writing = asyncio.create_task(keep_writing())
        for kills in range(3):
            await until(partial(has_written, 10 * (kills + 1)))
            await asyncio.to_thread(own_mongo_server.restart)
        is_over.set()
        await writing
    assert any(failures)
    await instance.delivery.finisher.finish_left()
    assert len(await instance.texts()) == len(written)
    parcels = await instance.delivery.outbox.unsent(10_000)
    said = [message.headers["ce_subject"] for parcel in parcels for message in parcel.messages]
    assert sorted(said) == sorted(str(note_id) for note_id in written)


async def test_a_mistake_in_the_code_is_no_outage(mongo_url: str) -> None:
    instance = mongo_instance(mongo_url)
    with pytest.raises(OperationFailure) as caught:
        await instance.delivery.database.command("nonsense")
    assert not is_transient(caught.value)
    assert not is_transient(ValueError())
    await instance.delivery.close()


async def test_a_cancellation_is_never_swallowed(mongo_url: str) -> None:
    instance = mongo_instance(mongo_url)

    async def keep_reading() -> None:
        while True:
            await instance.texts()

    await instance.texts()
    reading = [asyncio.create_task(keep_reading()) for _ in range(20)]
    for task in reading:
        await instance.texts()
        task.cancel()
    _, left = await asyncio.wait(reading, timeout=10)
    while running := [task for task in reading if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=0.1)
    assert not left
    await instance.delivery.close()
