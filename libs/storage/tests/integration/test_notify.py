import asyncio
from collections.abc import AsyncIterator
from typing import TypeAlias

import pytest
from libs.storage.tests.instances import delivery, metadata
from sqlalchemy import text

from contracts.ids import new_id
from messaging.envelope import Outgoing
from messaging.signal import Signal
from messaging.store import Job
from storage.database import Database
from storage.notify import JOBS_CHANNEL, OUTBOX_CHANNEL, Listener
from storage.outbox import SqlOutbox
from storage.store import SqlStore
from storage.work import SqlWork
from testkit.postgres import PostgresServer
from testkit.waiting import in_background, until

CUT_THE_LISTENER = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND query ~ '^LISTEN'"
)
MESSAGE = Outgoing(topic="notes.events.v1", key="1", value="{}", headers={})

Store: TypeAlias = SqlStore[SqlWork]


def store_on(db: Database) -> Store:
    return SqlStore("notes", db, delivery, SqlWork)


@pytest.fixture
async def one(postgres_url: str) -> AsyncIterator[Store]:
    db = Database(postgres_url)
    async with db.write() as connection:
        await connection.run_sync(metadata.create_all)
    yield store_on(db)
    await db.close()


@pytest.fixture
async def other(postgres_url: str, one: Store) -> AsyncIterator[Store]:
    db = Database(postgres_url)
    yield store_on(db)
    await db.close()


def listener(store: Store) -> Listener:
    return Listener(
        db=store.db,
        signals={OUTBOX_CHANNEL: store.outbox_wake, JOBS_CHANNEL: store.jobs_wake},
        first_pause_s=0.01,
    )


async def post(store: Store) -> None:
    async with store.begin() as transaction:
        transaction.post(MESSAGE)


async def listens(store: Store) -> None:
    """Return when it hears everything; the calls that come with a new connection are over."""
    for signal in (store.outbox_wake, store.jobs_wake):
        await asyncio.wait_for(signal.wait(at_most_s=60), 10)


def woken(store: Store) -> "asyncio.Task[None]":
    return asyncio.create_task(store.outbox_wake.wait(at_most_s=600))


async def test_a_commit_in_one_process_wakes_the_relay_of_another(one: Store, other: Store) -> None:
    async with in_background(listener(other).run()):
        await listens(other)
        waiting = woken(other)
        await post(one)
        await asyncio.wait_for(waiting, 10)


async def test_a_job_in_one_process_wakes_the_workers_of_another(one: Store, other: Store) -> None:
    async with in_background(listener(other).run()):
        await listens(other)
        waiting = asyncio.create_task(other.jobs_wake.wait(at_most_s=600))
        async with one.begin() as transaction:
            await transaction.enqueue([Job(id=new_id(), key="1", value="{}", headers={})])
        await asyncio.wait_for(waiting, 10)


async def test_messages_that_are_sent_again_wake_the_relay_too(one: Store, other: Store) -> None:
    await post(one)
    async with in_background(listener(other).run()):
        await listens(other)
        waiting = woken(other)
        [parcel] = await SqlOutbox(one.db, delivery).unsent(10)
        async with one.db.read() as connection:
            query = text("SELECT created_at FROM outbox")
            made = (await connection.execute(query)).scalar_one()
        await SqlOutbox(one.db, delivery).mark_sent([parcel.id], {})
        await SqlOutbox(one.db, delivery).resend(since=made)
        await asyncio.wait_for(waiting, 10)


async def test_nobody_is_called_before_the_commit_nor_after_a_rollback(
    one: Store, other: Store
) -> None:
    async def post_and_fail() -> None:
        async with one.begin() as transaction:
            transaction.post(MESSAGE)
            await transaction.flush()
            raise ZeroDivisionError

    async with in_background(listener(other).run()):
        await listens(other)
        waiting = woken(other)
        with pytest.raises(ZeroDivisionError):
            await post_and_fail()
        async with one.begin() as transaction:
            await transaction.enqueue([Job(id=new_id(), key="1", value="{}", headers={})])
        # Calls come in the order of commits: after this one an earlier one would have been heard.
        await asyncio.wait_for(other.jobs_wake.wait(at_most_s=60), 10)
        assert not waiting.done()
        waiting.cancel()


async def test_a_store_is_not_called_by_itself(one: Store, other: Store) -> None:
    outbox, jobs = Signal(), Signal()
    signals = {OUTBOX_CHANNEL: outbox, JOBS_CHANNEL: jobs}
    async with in_background(Listener(db=one.db, signals=signals).run()):
        await asyncio.wait_for(outbox.wait(at_most_s=60), 10)
        await asyncio.wait_for(jobs.wait(at_most_s=60), 10)
        waiting = asyncio.create_task(outbox.wait(at_most_s=600))
        await post(one)
        async with other.begin() as transaction:
            await transaction.enqueue([Job(id=new_id(), key="1", value="{}", headers={})])
        await asyncio.wait_for(jobs.wait(at_most_s=60), 10)
        assert not waiting.done()
        waiting.cancel()


async def test_a_listener_that_lost_its_connection_wakes_everybody_and_listens_again(
    one: Store, other: Store
) -> None:
    async with in_background(listener(other).run()):
        await listens(other)
        async with one.db.write() as connection:
            assert (await connection.execute(CUT_THE_LISTENER)).scalar_one()
        await listens(other)
        waiting = woken(other)
        await post(one)
        await asyncio.wait_for(waiting, 10)


async def test_a_quiet_connection_is_tried(
    one: Store, other: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = listener(other)
    monkeypatch.setattr(quick, "check_s", 0.01)
    async with in_background(quick.run()):
        await listens(other)
        query = text(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query = 'SELECT 1'"
        )

        async def is_tried() -> bool:
            async with one.db.read() as connection:
                return bool((await connection.execute(query)).scalar_one())

        await until(is_tried)


async def test_a_server_that_is_away_is_waited_for(
    own_postgres_server: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    url = own_postgres_server.create_database()
    store = store_on(Database(url))
    async with in_background(listener(store).run()) as running:
        await listens(store)
        own_postgres_server.stop()
        await until(lambda: len(caplog.records) >= 3)
        assert not running.done()
    await store.db.close()
