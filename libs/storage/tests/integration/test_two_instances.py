"""What happens when two instances of a service do the same at once. SQLite has one writer."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest
from libs.storage.tests.integration.conftest import Store, delivery, metadata, notes, store_on
from sqlalchemy import MetaData, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from contracts.ids import new_id
from contracts.problems import ProblemType
from messaging.envelope import Envelope, ReplyAddress
from messaging.inbox import InboxEntry
from messaging.store import Job
from messaging.work import Settlement
from storage.database import Database
from storage.jobs import SqlJobs
from storage.outbox import SqlOutbox
from testkit.waiting import until

DONE = Settlement.succeeded(None)
LATE = Settlement.refused(ProblemType("late", 409, "Late").problem())
ENVELOPE = Envelope(
    type="WriteNote",
    source="gateway",
    subject="1",
    correlation_id=new_id(),
    reply_to=ReplyAddress(topic="gateway.outcomes.v1"),
)
ENTRY = InboxEntry.of("notes", ENVELOPE, "f" * 64)


async def instance(url: str, tables: MetaData | None = None) -> AsyncIterator[Store]:
    database = Database(url)
    async with database.write() as connection:
        await connection.run_sync((tables or MetaData()).create_all)
    yield store_on(database)
    await database.close()


@pytest.fixture
async def one(postgres_url: str) -> AsyncIterator[Store]:
    async for store in instance(postgres_url, metadata):
        yield store


@pytest.fixture
async def other(postgres_url: str, one: Store) -> AsyncIterator[Store]:
    async for store in instance(postgres_url):
        yield store


async def receive(store: Store) -> None:
    async with store.begin() as transaction:
        transaction.remember(ENTRY)


async def settle(store: Store, settlement: Settlement) -> None:
    async with store.begin() as transaction:
        await transaction.settle(ENVELOPE.id, settlement)


async def somebody_waits_for_a_lock(store: Store) -> bool:
    async with store.db.read() as connection:
        waiting = await connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))
        return bool(waiting.scalar_one())


async def test_a_message_that_both_handle_at_once_has_one_effect(one: Store, other: Store) -> None:
    async def handle(store: Store) -> None:
        async with store.begin() as transaction:
            assert await transaction.received([ENVELOPE.id]) == {}
            async with transaction.work(ENVELOPE) as work:
                await work.connection.execute(insert(notes).values(id=uuid4(), text="hello"))
            transaction.remember(ENTRY.settled(DONE))
            if store is one:
                await handle(other)

    with pytest.raises(IntegrityError):
        await handle(one)
    async with one.db.read() as connection:
        written = await connection.execute(select(func.count()).select_from(notes))
        assert written.scalar_one() == 1


async def test_a_duplicate_that_saw_no_settlement_does_not_erase_one(
    one: Store, other: Store
) -> None:
    await receive(one)
    async with other.begin() as duplicate:
        await duplicate.received([ENVELOPE.id])
        await settle(one, DONE)
        moved = ReplyAddress(topic="gateway.outcomes.v1", partition=3)
        duplicate.remember(replace(ENTRY, reply_to=moved))
    async with one.begin() as transaction:
        known = (await transaction.received([ENVELOPE.id]))[ENVELOPE.id]
    assert (known.settlement, known.reply_to) == (DONE, moved)


async def test_of_two_who_settle_at_once_the_first_is_heard(one: Store, other: Store) -> None:
    await receive(one)
    async with one.begin() as transaction:
        await transaction.settle(ENVELOPE.id, DONE)
        second = asyncio.create_task(settle(other, LATE))

        async def second_has_had_its_turn() -> bool:
            return second.done() or await somebody_waits_for_a_lock(one)

        await until(second_has_had_its_turn)
    await second
    parcels = await SqlOutbox(one.db, delivery).unsent(10)
    assert len(parcels) == 1


async def test_a_job_that_another_worker_is_taking_is_passed_over(one: Store, other: Store) -> None:
    taken, free = (Job(id=new_id(), key=key, value="{}", headers={}) for key in ("a", "b"))
    async with one.begin() as transaction:
        await transaction.enqueue([taken, free])
    async with one.db.write() as connection:
        is_taken = delivery.jobs.c.id == taken.id
        await connection.execute(select(delivery.jobs).where(is_taken).with_for_update())
        leased = await SqlJobs(other.db, delivery).lease(10, lease_s=60)
    assert [job.id for job in leased] == [free.id]
