"""Who finds an old lock shuts its owner out, unless the owner has committed at the last moment."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from libs.storage.tests.instances import MongoInstance
from libs.storage.tests.mongo_notes import Hold, add, cause, change, everything_in, seen
from pymongo.asynchronous.collection import AsyncCollection

from contracts.ids import new_id
from messaging.envelope import Envelope
from messaging.inbox import InboxEntry
from messaging.work import Settlement
from testkit.waiting import until

DONE = Settlement.succeeded(None)


class Crash(Exception):
    """The process is gone."""


async def die(*_: object) -> None:
    raise Crash


class Fence:
    """Stops whoever is about to shut out the owner of an old lock."""

    def __init__(self) -> None:
        self.is_there = asyncio.Event()
        self.may_go = asyncio.Event()

    def around(self, write: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def held(collection: Any, document: Any, *arguments: Any, **options: Any) -> Any:
            changed = arguments[0].get("$set", {}) if arguments else document
            if {"delivery.stamp", "aborted_at"} & set(changed):
                self.is_there.set()
                await self.may_go.wait()
            return await write(collection, document, *arguments, **options)

        return held


class LateLocks:
    """Writes an owner's first lock in a collection in time, the others while that is taken back.

    They come between what `free` does about new documents and what it does about old ones.
    """

    def __init__(self, collection: str) -> None:
        self.collection = collection
        self.first_is_there = asyncio.Event()
        self.first_is_gone = asyncio.Event()
        self.all_were_written = asyncio.Event()

    def locking(self, write: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def held(collection: Any, locks: Any, **options: Any) -> Any:
            if collection.name != self.collection:
                return await write(collection, locks, **options)
            await write(collection, locks[:1], **options)
            self.first_is_there.set()
            await self.first_is_gone.wait()
            await write(collection, locks[1:], **options)
            self.all_were_written.set()
            raise Crash

        return held

    def freeing(self, write: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def held(collection: Any, *arguments: Any, **options: Any) -> Any:
            result = await write(collection, *arguments, **options)
            if collection.name == self.collection:
                self.first_is_gone.set()
                await self.all_were_written.wait()
            return result

        return held


@pytest.fixture(params=["inbox", "notes"])
def late_locks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> LateLocks:
    late = LateLocks(request.param)
    monkeypatch.setattr(AsyncCollection, "bulk_write", late.locking(AsyncCollection.bulk_write))
    monkeypatch.setattr(AsyncCollection, "delete_many", late.freeing(AsyncCollection.delete_many))
    return late


@pytest.fixture
def fence(monkeypatch: pytest.MonkeyPatch, hold: Hold) -> Fence:
    fence = Fence()
    monkeypatch.setattr(AsyncCollection, "update_one", fence.around(AsyncCollection.update_one))
    monkeypatch.setattr(AsyncCollection, "insert_one", fence.around(AsyncCollection.insert_one))
    return fence


@pytest.fixture
def dying(one: MongoInstance, monkeypatch: pytest.MonkeyPatch) -> MongoInstance:
    """Its locks are old at once, and it dies as soon as it has committed."""
    one.delivery.finisher.lock_s = 0.0
    monkeypatch.setattr(one.delivery.finisher, "finish", die)
    return one


async def settlement_of(instance: MongoInstance, envelope: Envelope) -> Settlement | None:
    async with instance.delivery.store.begin() as transaction:
        entry = (await transaction.received([envelope.id])).get(envelope.id)
    return None if entry is None else entry.settlement


@pytest.mark.parametrize("count", [1, 2])
async def test_a_unit_that_was_committed_just_before_it_was_shut_out_stands(
    dying: MongoInstance,
    another: MongoInstance,
    hold: Hold,
    fence: Fence,
    count: int,
) -> None:
    ids, envelope = [await add(another, text="old") for _ in range(count)], cause()
    hold.collection = "notes" if count == 1 else "units"

    async def change_slowly() -> None:
        async with dying.delivery.store.begin() as transaction:
            async with transaction.work(envelope) as work:
                for note_id in ids:
                    await change(work, note_id, text="new")
            transaction.remember(InboxEntry.of("notes", envelope, "f" * 64).settled(DONE))

    slow = asyncio.create_task(change_slowly())
    await asyncio.wait_for(hold.is_there.wait(), 10)
    looking = asyncio.create_task(settlement_of(another, envelope))
    await asyncio.wait_for(fence.is_there.wait(), 10)
    hold.may_go.set()
    with pytest.raises(Crash):
        await slow
    fence.may_go.set()
    assert await asyncio.wait_for(looking, 10) == DONE
    assert {note["text"] for note in (await seen(another)).values()} == {"new"}
    parcels = await another.delivery.outbox.unsent(10)
    assert sum(len(parcel.messages) for parcel in parcels) == count


async def test_what_an_owner_adds_while_it_is_shut_out_is_never_seen(
    one: MongoInstance, another: MongoInstance, late_locks: LateLocks
) -> None:
    one.delivery.finisher.lock_s = 0.0

    async def add_slowly() -> None:
        async with one.delivery.store.begin() as transaction:
            for envelope in (cause(), cause()):
                async with transaction.work(envelope) as work:
                    work.documents.add("notes", {"_id": new_id(), "text": "new"})
                transaction.remember(InboxEntry.of("notes", envelope, "f" * 64).settled(DONE))

    async def is_free() -> bool:
        await another.delivery.finisher.finish_left()
        rows = await everything_in(another)
        return not any("lock" in row.get("delivery", {}) for row in rows["inbox"] + rows["notes"])

    slow = asyncio.create_task(add_slowly())
    await asyncio.wait_for(late_locks.first_is_there.wait(), 10)
    await until(is_free)
    with pytest.raises(Crash):
        await slow
    left = await everything_in(another)
    assert (left["inbox"], left["notes"]) == ([], [])
