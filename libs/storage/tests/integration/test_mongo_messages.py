"""A message is answered once, whoever handles it and however slowly."""

import asyncio

import pytest
from libs.storage.tests.instances import MongoInstance
from libs.storage.tests.mongo_notes import (
    Hold,
    add,
    cause,
    change,
    got,
    seen,
)

from contracts.problems import ProblemType
from messaging.envelope import Envelope
from messaging.inbox import InboxEntry
from messaging.work import Settlement
from storage.mongo.database import Conflict
from testkit.waiting import in_background

DONE = Settlement.succeeded(None)
REFUSED = Settlement.refused(ProblemType("rude", 422, "Rude").problem())


def answered(envelope: Envelope, settlement: Settlement) -> InboxEntry:
    return InboxEntry.of("notes", envelope, "f" * 64).settled(settlement)


async def settlement_of(instance: MongoInstance, envelope: Envelope) -> Settlement | None:
    async with instance.delivery.store.begin() as transaction:
        entry = (await transaction.received([envelope.id])).get(envelope.id)
    return None if entry is None else entry.settlement


async def test_a_message_has_one_answer_when_one_instance_changes_something_and_another_refuses(
    one: MongoInstance, another: MongoInstance
) -> None:
    note_id, envelope = await add(one, text="old"), cause()

    async def change_and_succeed() -> None:
        async with one.delivery.store.begin() as transaction:
            await transaction.received([envelope.id])
            async with transaction.work(envelope) as work:
                await change(work, note_id, text="new")
            transaction.remember(answered(envelope, DONE))
            async with another.delivery.store.begin() as faster:
                await faster.received([envelope.id])
                faster.remember(answered(envelope, REFUSED))

    with pytest.raises(Conflict):
        await change_and_succeed()
    assert (await seen(one))[note_id]["text"] == "old"
    assert await settlement_of(one, envelope) == REFUSED


async def test_who_is_too_slow_to_commit_a_change_has_lost_the_message_too(
    one: MongoInstance, another: MongoInstance, hold: Hold
) -> None:
    note_id, envelope = await add(one, text="old"), cause()
    one.delivery.finisher.lock_s = 0.0
    hold.collection = "notes"

    async def change_slowly() -> None:
        async with one.delivery.store.begin() as transaction:
            async with transaction.work(envelope) as work:
                await change(work, note_id, text="slow")
            transaction.remember(answered(envelope, DONE))

    slow = asyncio.create_task(change_slowly())
    await hold.is_there.wait()
    assert await settlement_of(another, envelope) is None
    async with another.delivery.store.begin() as transaction:
        transaction.remember(answered(envelope, REFUSED))
    hold.may_go.set()
    with pytest.raises(Conflict):
        await slow
    assert (await seen(one))[note_id]["text"] == "old"
    assert await settlement_of(one, envelope) == REFUSED


async def test_a_message_whose_change_is_being_committed_is_waited_for(
    one: MongoInstance, another: MongoInstance, hold: Hold
) -> None:
    note_id, envelope = await add(one, text="old"), cause()
    hold.collection = "notes"

    async def change_at_last() -> None:
        async with one.delivery.store.begin() as transaction:
            async with transaction.work(envelope) as work:
                await change(work, note_id, text="new")
            transaction.remember(answered(envelope, DONE))

    async with in_background(change_at_last()) as changing:
        await hold.is_there.wait()
        waiting = asyncio.create_task(settlement_of(another, envelope))
        await got(another, note_id)
        assert not waiting.done()
        hold.may_go.set()
        await changing
        assert await asyncio.wait_for(waiting, 10) == DONE
