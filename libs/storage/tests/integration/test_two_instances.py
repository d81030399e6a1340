"""What happens when two instances of a service do the same at once. SQLite has one writer."""

import asyncio
from dataclasses import replace

import pytest
from asyncpg import UniqueViolationError
from libs.storage.tests.instances import (
    Instance,
    OpenInstance,
    SqlInstance,
    delivery,
    mongo_instance,
    sql_instance,
)
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from contracts.ids import new_id
from contracts.problems import ProblemType
from messaging.envelope import Envelope, ReplyAddress
from messaging.inbox import InboxEntry
from messaging.store import Job
from messaging.work import Settlement
from storage.mongo.database import Conflict
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


@pytest.fixture(params=["postgres", "mongo"])
def open_instance(request: pytest.FixtureRequest) -> OpenInstance:
    url: str = request.getfixturevalue(f"{request.param}_url")
    make = mongo_instance if request.param == "mongo" else sql_instance
    return lambda: make(url)


@pytest.fixture
def one(instance: Instance) -> Instance:
    return instance


async def receive(one: Instance) -> None:
    async with one.delivery.store.begin() as transaction:
        transaction.remember(ENTRY)


async def settle(instance: Instance, settlement: Settlement) -> None:
    async with instance.delivery.store.begin() as transaction:
        await transaction.settle(ENVELOPE.id, settlement)


async def somebody_waits_for_a_lock(instance: Instance) -> bool:
    if not isinstance(instance, SqlInstance):
        return False
    async with instance.delivery.db.read() as connection:
        waiting = await connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))
        return bool(waiting.scalar_one())


async def test_a_message_that_both_handle_at_once_has_one_effect(
    one: Instance, other: Instance
) -> None:
    note_id = new_id()

    async def handle(instance: Instance) -> None:
        async with instance.delivery.store.begin() as transaction:
            assert await transaction.received([ENVELOPE.id]) == {}
            if instance is one:
                await handle(other)
            async with transaction.work(ENVELOPE) as work:
                await instance.write(work, "hello", id=note_id)
            transaction.remember(ENTRY.settled(DONE))

    with pytest.raises((IntegrityError, UniqueViolationError, Conflict)):
        await handle(one)
    assert await one.texts() == ["hello"]
    assert len(await one.delivery.outbox.unsent(10)) == 1


async def test_a_message_without_an_effect_that_both_handle_at_once_has_one_answer(
    one: Instance, other: Instance
) -> None:
    async def refuse(instance: Instance, settlement: Settlement) -> None:
        async with instance.delivery.store.begin() as transaction:
            assert await transaction.received([ENVELOPE.id]) == {}
            if instance is one:
                await refuse(other, LATE)
            transaction.remember(ENTRY.settled(settlement))

    with pytest.raises((IntegrityError, UniqueViolationError, Conflict)):
        await refuse(one, DONE)
    assert len(await one.delivery.outbox.unsent(10)) == 1


async def test_a_duplicate_that_saw_no_settlement_does_not_erase_one(
    one: Instance, other: Instance
) -> None:
    await receive(one)
    async with other.delivery.store.begin() as duplicate:
        await duplicate.received([ENVELOPE.id])
        await settle(one, DONE)
        moved = ReplyAddress(topic="gateway.outcomes.v1", partition=3)
        duplicate.remember(replace(ENTRY, reply_to=moved))
    async with one.delivery.store.begin() as transaction:
        known = (await transaction.received([ENVELOPE.id]))[ENVELOPE.id]
    assert (known.settlement, known.reply_to) == (DONE, moved)


async def test_of_two_who_settle_at_once_the_first_is_heard(one: Instance, other: Instance) -> None:
    await receive(one)
    async with one.delivery.store.begin() as transaction:
        await transaction.settle(ENVELOPE.id, DONE)
        second = asyncio.create_task(settle(other, LATE))

        async def second_has_had_its_turn() -> bool:
            return second.done() or await somebody_waits_for_a_lock(one)

        await until(second_has_had_its_turn)
    await second
    parcels = await one.delivery.outbox.unsent(10)
    assert len(parcels) == 1


async def test_a_job_that_another_worker_is_taking_is_passed_over(
    postgres_url: str,
) -> None:
    one, other = sql_instance(postgres_url), sql_instance(postgres_url)
    await one.prepare()
    taken, free = (Job(id=new_id(), key=key, value="{}", headers={}) for key in ("a", "b"))
    async with one.delivery.store.begin() as transaction:
        await transaction.enqueue([taken, free])
    async with one.delivery.db.write() as connection:
        is_taken = delivery.jobs.c.id == taken.id
        await connection.execute(select(delivery.jobs).where(is_taken).with_for_update())
        leased = await asyncio.wait_for(other.delivery.jobs.lease(10, lease_s=60), 5)
    assert [job.id for job in leased] == [free.id]
    for instance in (one, other):
        await instance.delivery.close()
