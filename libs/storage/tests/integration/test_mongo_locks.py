"""Who wins when two want the same document, and what becomes of what somebody has left."""

import asyncio
import random
from contextlib import suppress
from uuid import UUID

import pytest
from libs.messaging.tests.notes import NoteWritten
from libs.storage.tests.instances import MongoInstance
from libs.storage.tests.mongo_notes import (
    Hold,
    add,
    cause,
    change,
    change_all,
    everything_in,
    got,
    seen,
    working,
)

from contracts.ids import new_id
from contracts.ledger import VoidHold
from messaging.envelope import Outgoing
from messaging.store import Job
from storage.mongo.database import Conflict
from storage.mongo.finishing import Finisher
from storage.mongo.unit import Home, Unit
from testkit.waiting import in_background, until


async def test_of_two_who_change_what_both_have_read_the_second_tries_again(
    one: MongoInstance, another: MongoInstance
) -> None:
    ids = [await add(one, text="old") for _ in range(2)]

    async def change_too_late(*note_ids: UUID) -> None:
        async with working(one) as work:
            for note_id in note_ids:
                await change(work, note_id, text="second")
            await change_all(another, ids[0], text="first")

    for both in (ids[:1], ids):
        with pytest.raises(Conflict) as caught:
            await change_too_late(*both)
        assert one.delivery.store.is_transient(caught.value)
        assert {note["text"] for note in (await seen(one)).values()} == {"first", "old"}
    await change_all(one, *ids, text="third")
    assert {note["text"] for note in (await seen(one)).values()} == {"third"}


async def test_what_has_changed_between_two_looks_is_a_conflict(
    one: MongoInstance, another: MongoInstance
) -> None:
    note_id = await add(one, text="old")
    async with working(one) as work:
        await work.documents.get("notes", note_id)
        await change_all(another, note_id, text="new")
        with pytest.raises(Conflict):
            await work.documents.find_one("notes", {"text": "new"})


@pytest.mark.parametrize("count", [1, 2])
async def test_of_two_who_add_what_must_be_unique_the_second_finds_it_when_it_tries_again(
    one: MongoInstance, another: MongoInstance, count: int
) -> None:
    await one.delivery.database["notes"].create_index("text", unique=True)

    async def add_unless_there() -> bool:
        async with working(one) as work:
            if await work.documents.find_one("notes", {"text": "0"}):
                return False
            for n in range(count):
                work.documents.add("notes", {"_id": new_id(), "text": str(n)})
            if not await seen(another):
                await add(another, text="0")
        return True

    with pytest.raises(Conflict):
        await add_unless_there()
    assert not await add_unless_there()
    assert [note["text"] for note in (await seen(one)).values()] == ["0"]


async def test_two_who_work_on_the_same_documents_lose_nothing_and_keep_each_ones_order(
    one: MongoInstance, another: MongoInstance
) -> None:
    ids = [await add(one, count=0) for _ in range(3)]

    async def count_up(instance: MongoInstance, *note_ids: UUID) -> None:
        async with working(instance) as work:
            for note_id in note_ids:
                note = await work.documents.get("notes", note_id)
                assert note
                count = note["count"] + 1
                work.documents.save("notes", note | {"count": count})
                work.announce(NoteWritten(note_id=note_id, text=str(count)), version=count)

    async def keep_counting(instance: MongoInstance) -> None:
        for n in range(12):
            while True:
                with suppress(Conflict):
                    await count_up(instance, *ids[n % 3 :])
                    break
                await asyncio.sleep(random.random() / 50)

    sent: list[Outgoing] = []
    is_over = asyncio.Event()

    async def relay() -> None:
        outbox = one.delivery.outbox
        while (parcels := await outbox.unsent(100)) or not is_over.is_set():
            sent.extend(message for parcel in parcels for message in parcel.messages)
            await outbox.mark_sent([parcel.id for parcel in parcels], {})

    relaying = asyncio.create_task(relay())
    await asyncio.gather(keep_counting(one), keep_counting(another))
    is_over.set()
    await asyncio.wait_for(relaying, 10)
    counts = [(await seen(one))[note_id]["count"] for note_id in ids]
    assert counts == [8, 16, 24]
    events = [NoteWritten.model_validate_json(message.value) for message in sent]
    for note_id, count in zip(ids, counts, strict=True):
        versions = [int(event.text) for event in events if event.note_id == note_id]
        assert versions == list(range(1, count + 1))


async def test_a_lock_is_waited_for_and_readers_see_the_state_before(
    one: MongoInstance, another: MongoInstance, hold: Hold
) -> None:
    ids = [await add(one, text="old") for _ in range(2)]
    async with in_background(change_all(one, *ids, text="new")) as changing:
        await hold.is_there.wait()
        assert {note["text"] for note in (await seen(another)).values()} == {"old"}
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(got(another, ids[0]))
            await got(another, new_id())
            assert not waiting.done()
            hold.may_go.set()
        await changing
        assert (waiting.result() or {})["text"] == "new"


async def test_what_is_added_and_not_committed_is_seen_by_nobody(
    one: MongoInstance, another: MongoInstance, hold: Hold
) -> None:
    new = [new_id(), new_id()]

    async def add_two() -> None:
        async with working(one) as work:
            for note_id in new:
                work.documents.add("notes", {"_id": note_id, "text": "new"})

    async with in_background(add_two()) as adding:
        await hold.is_there.wait()
        assert await seen(another) == {}
        hold.may_go.set()
        await adding
    assert set(await seen(another)) == set(new)


@pytest.mark.parametrize("count", [1, 2])
async def test_what_was_read_before_it_was_locked_can_not_be_changed_under_the_lock(
    one: MongoInstance, another: MongoInstance, hold: Hold, count: int
) -> None:
    ids = [await add(one, text="old") for _ in range(2)]

    async def change_after_the_lock() -> None:
        async with working(another) as work:
            for note_id in ids[:count]:
                await change(work, note_id, text="other")
            changing.set()
            await hold.is_there.wait()

    async def lock_after_the_read() -> None:
        await changing.wait()
        await change_all(one, *ids, text="new")

    changing = asyncio.Event()
    async with in_background(lock_after_the_read()) as locking:
        with pytest.raises(Conflict):
            await asyncio.wait_for(change_after_the_lock(), 10)
        hold.may_go.set()
        await locking
    assert {note["text"] for note in (await seen(one)).values()} == {"new"}


async def test_who_keeps_a_lock_too_long_has_lost_it_and_nothing_of_it_happens(
    one: MongoInstance, another: MongoInstance, hold: Hold
) -> None:
    ids = [await add(one, text="old") for _ in range(2)]
    parcels = await one.delivery.outbox.unsent(10)
    one.delivery.finisher.lock_s = 0.0
    slow = asyncio.create_task(change_all(one, *ids, text="slow"))
    await hold.is_there.wait()
    await change_all(another, ids[0], text="quick")
    hold.may_go.set()
    with pytest.raises(Conflict):
        await slow
    assert [note["text"] for note in (await seen(one)).values()] == ["quick", "old"]
    assert len(await one.delivery.outbox.unsent(10)) == len(parcels) + 1


async def test_a_lock_that_is_never_freed_is_worth_another_try_later(
    one: MongoInstance, another: MongoInstance, hold: Hold
) -> None:
    ids = [await add(one, text="old") for _ in range(2)]
    another.delivery.finisher.patience_s = 0.05
    async with in_background(change_all(one, *ids, text="new")):
        await hold.is_there.wait()
        with pytest.raises(Conflict):
            await got(another, ids[0])


async def test_a_service_that_starts_finishes_and_frees_what_others_have_left(
    one: MongoInstance, another: MongoInstance, hold: Hold
) -> None:
    ids = [await add(one, text="old") for _ in range(2)]
    one.delivery.finisher.lock_s = 0.0
    async with in_background(change_all(one, *ids, text="new")):
        await hold.is_there.wait()
    another.delivery.finisher.every_s = 0.01
    woken = asyncio.create_task(another.delivery.outbox_wake.wait(at_most_s=600))
    [loop] = another.delivery.loops

    async def is_free() -> bool:
        locked = {"delivery.lock": {"$ne": None}}
        return not await another.delivery.database["notes"].count_documents(locked)

    async with in_background(loop()):  # type: ignore[arg-type]
        await until(is_free)
        await asyncio.wait_for(woken, 10)
    assert {note["text"] for note in (await seen(another)).values()} == {"old"}


async def test_a_unit_that_is_finished_again_much_later_changes_nothing(
    one: MongoInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished: list[tuple[Unit, Home | None]] = []
    finish = Finisher.finish

    async def finish_and_tell(self: Finisher, unit: Unit, home: Home | None) -> None:
        finished.append((unit, home))
        await finish(self, unit, home)

    monkeypatch.setattr(Finisher, "finish", finish_and_tell)
    asked = new_id()
    async with one.delivery.store.begin() as transaction:
        await transaction.enqueue([Job(id=new_id(), key="1", value="{}", headers={})])
        async with transaction.work(cause()) as work:
            work.ask(VoidHold(hold_id=new_id()), command_id=asked)
    ids = [await add(one, text="old") for _ in range(2)]
    await change_all(one, *ids, text="new")
    await change_all(one, ids[0], text="newer")
    [job] = await one.delivery.jobs.lease(1, lease_s=60)
    async with one.delivery.store.begin() as transaction:
        await transaction.end(job)
        async with transaction.work(cause()) as work:
            work.answered(asked)
    parcels = await one.delivery.outbox.unsent(10)
    await one.delivery.outbox.mark_sent([parcel.id for parcel in parcels], {})

    before = await everything_in(one)
    for unit, home in finished:
        await finish(one.delivery.finisher, unit, home)
    assert len(finished) == 6
    assert await everything_in(one) == before


async def test_no_message_overtakes_one_that_is_held_back(one: MongoInstance) -> None:
    await add(one, text="a")
    for _ in range(3):
        await change_all(one, *(await seen(one)), text="b")
    first, second, third = await one.delivery.outbox.unsent(10)
    hold = {"$set": {"is_held": True}}
    await one.delivery.database["outbox"].update_one({"_id": second.id}, hold)
    assert await one.delivery.outbox.unsent(10) == [first]
    await one.delivery.database["outbox"].update_one({"_id": second.id}, {"$unset": {"is_held": 1}})
    assert await one.delivery.outbox.unsent(10) == [first, second, third]
