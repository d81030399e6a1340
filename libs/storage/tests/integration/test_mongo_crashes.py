"""A process that dies after any of its writes leaves nothing half done, and nothing done twice."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from uuid import UUID, uuid4

import pytest
from libs.messaging.tests.notes import NoteWritten
from libs.storage.tests.instances import MongoInstance, mongo_instance
from pymongo.asynchronous.collection import AsyncCollection

from contracts.ids import new_id
from contracts.ledger import VoidHold
from messaging.envelope import Envelope, Outgoing, ReplyAddress
from messaging.inbox import InboxEntry
from messaging.store import DeadLetter, Job
from messaging.work import Settlement
from storage.mongo import parts
from storage.mongo.store import MongoTransaction
from storage.mongo.work import MongoWork

DONE = Settlement.succeeded(None)
LETTER = DeadLetter(
    consumer="notes",
    topic="notes.commands.v1",
    partition=3,
    offset=5,
    key=b"1",
    value=b"{}",
    headers=[],
    error="broken",
    attempts=3,
)
WRITES = (
    *("insert_one", "insert_many", "replace_one", "update_one", "update_many"),
    *("delete_one", "delete_many", "find_one_and_update", "bulk_write"),
)

Mode: TypeAlias = Literal["whole", "in half", "in parts"]
Transaction: TypeAlias = MongoTransaction[MongoWork]
Scenario: TypeAlias = Callable[["Case", Transaction], Awaitable[None]]


class Crash(Exception):
    """The process is gone."""


def command() -> Envelope:
    reply = ReplyAddress(topic="gateway.outcomes.v1")
    return Envelope(
        type="WriteNote", source="gateway", subject="1", correlation_id=new_id(), reply_to=reply
    )


def entry_of(envelope: Envelope) -> InboxEntry:
    return InboxEntry.of("notes", envelope, "f" * 64)


class Fuse:
    """Ends the process after so many writes; `in_half`, in the middle of the last if it is many."""

    def __init__(self, writes: int, *, in_half: bool) -> None:
        self.left = writes
        self.in_half = in_half
        self.is_blown = False

    def around(self, write: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def fused(collection: Any, first: Any, *arguments: Any, **options: Any) -> Any:
            if self.is_blown:
                raise Crash
            self.left -= 1
            self.is_blown = self.left == 0
            if self.is_blown and self.in_half and isinstance(first, list):
                first = first[: len(first) // 2]
            result = await write(collection, first, *arguments, **options) if first else None
            if self.is_blown:
                raise Crash
            return result

        return fused


@dataclass
class Case:
    """Two notes, one of them there before; a deferred command; a request and a job from before."""

    url: str
    scenario: Scenario
    commands: list[Envelope]
    deferred: Envelope
    old_note: UUID
    new_note: UUID
    asked_before: UUID
    ask_now: UUID
    job: Job
    new_job: Job

    async def prepare(self, instance: MongoInstance) -> None:
        store = instance.delivery.store
        async with store.begin() as transaction:
            transaction.remember(entry_of(self.deferred))
            await transaction.enqueue([self.job])
            async with transaction.work(self.deferred) as work:
                work.documents.add("notes", {"_id": self.old_note, "text": "old", "count": 0})
                work.ask(VoidHold(hold_id=uuid4()), command_id=self.asked_before)
        [self.job] = await instance.delivery.jobs.lease(1, lease_s=600)
        parcels = await instance.delivery.outbox.unsent(10)
        await instance.delivery.outbox.mark_sent([parcel.id for parcel in parcels], {})

    async def deliver(self, instance: MongoInstance) -> None:
        """As the consumer does it: what is known gets its outcome repeated."""
        async with instance.delivery.store.begin() as transaction:
            known = await transaction.received([envelope.id for envelope in self.commands])
            if not known:
                await self.scenario(self, transaction)
            for envelope in self.commands:
                transaction.remember(known.get(envelope.id, entry_of(envelope).settled(DONE)))


async def change_the_old_note(case: Case, transaction: Transaction) -> None:
    async with transaction.work(case.commands[0]) as work:
        note = await work.documents.get("notes", case.old_note)
        assert note
        work.documents.save("notes", note | {"count": note["count"] + 1})
        work.announce(NoteWritten(note_id=case.old_note, text="old"), version=2)
        work.answered(case.asked_before)
        work.ask(VoidHold(hold_id=case.old_note), command_id=case.ask_now)
        work.succeed(case.deferred.id, None)
    await transaction.enqueue([case.new_job])
    transaction.bury(LETTER)


async def change_both_notes(case: Case, transaction: Transaction) -> None:
    await change_the_old_note(case, transaction)
    async with transaction.work(case.commands[1]) as work:
        work.documents.add("notes", {"_id": case.new_note, "text": "new", "count": 1})
        work.announce(NoteWritten(note_id=case.new_note, text="new"), version=1)


async def end_a_job(case: Case, transaction: Transaction) -> None:
    await transaction.end(case.job)
    await change_the_old_note(case, transaction)


async def say_only(case: Case, transaction: Transaction) -> None:
    async with transaction.work(case.commands[0]) as work:
        work.announce(NoteWritten(note_id=case.new_note, text="said"), version=1)


def case_of(scenario: Scenario, url: str) -> Case:
    job, new_job = (Job(id=new_id(), key=key, value="{}", headers={}) for key in "ab")
    return Case(
        url=url,
        scenario=scenario,
        commands=[command(), command()],
        deferred=command(),
        old_note=new_id(),
        new_note=new_id(),
        asked_before=new_id(),
        ask_now=new_id(),
        job=job,
        new_job=new_job,
    )


async def messages_in(instance: MongoInstance) -> list[Outgoing]:
    parcels = await instance.delivery.outbox.unsent(100)
    return [message for parcel in parcels for message in parcel.messages]


async def assert_whole(case: Case, instance: MongoInstance) -> None:
    """All of it has happened, and nothing is left in between."""
    delivery = instance.delivery
    for home in delivery.finisher.homes:
        unfinished = {"$or": [{"delivery.lock": {"$ne": None}}, {"delivery.unit": {"$ne": None}}]}
        assert await delivery.database[home].find(unfinished).to_list() == []
    assert await delivery.database["units"].find({"aborted_at": None}).to_list() == []
    assert await delivery.database["outbox"].find({"is_held": True}).to_list() == []
    messages = await messages_in(instance)
    ids = {message.headers.get("ce_id"): message.headers.get("ce_type") for message in messages}
    types = sorted(type for type in ids.values() if type)
    async with delivery.store.begin() as transaction:
        known = await transaction.received([e.id for e in (*case.commands, case.deferred)])
    assert [known[envelope.id].settlement for envelope in case.commands] == [DONE, DONE]
    if case.scenario is say_only:
        assert types == ["NoteWritten", "Outcome", "Outcome"]
        return
    rows = {row["_id"]: row["count"] async for row in delivery.database["notes"].find()}
    is_both = case.scenario is change_both_notes
    assert rows == {case.old_note: 1} | ({case.new_note: 1} if is_both else {})
    written = ["NoteWritten"] * (2 if is_both else 1)
    assert types == [*written, "Outcome", "Outcome", "Outcome", "VoidHold"]
    assert known[case.deferred.id].settlement == DONE
    open_requests = delivery.database["requests"].find({"answered_at": None})
    assert [row["_id"] async for row in open_requests] == [case.ask_now]
    assert [job.id for job in await delivery.jobs.lease(10, lease_s=60)] == [case.new_job.id]
    assert await delivery.dead_letters.count() == 1
    if case.scenario is end_a_job:
        assert not await delivery.jobs.renew(case.job, lease_s=60)


async def assert_what_is_heard_can_be_read(case: Case, instance: MongoInstance) -> None:
    rows = {row["_id"]: row["count"] async for row in instance.delivery.database["notes"].find()}
    for message in await messages_in(instance):
        if message.headers.get("ce_type") == "NoteWritten" and case.scenario is not say_only:
            assert rows[UUID(message.headers["ce_subject"])] == 1


async def crash(case: Case, writes: int, mode: Mode) -> bool:
    """Deliver once, with a process that dies; False: it had finished before."""
    dying = mongo_instance(case.url)
    await case.prepare(dying)
    dying.delivery.finisher.lock_s = 0.01
    fuse = Fuse(writes, in_half=mode == "in half")
    with pytest.MonkeyPatch.context() as patch:
        for name in WRITES:
            patch.setattr(AsyncCollection, name, fuse.around(getattr(AsyncCollection, name)))
        if mode == "in parts":
            patch.setattr(parts, "PART_BYTES", 900)
        with suppress(Crash):
            await case.deliver(dying)
    await dying.delivery.close()
    return fuse.is_blown


@pytest.mark.parametrize(
    ("scenario", "mode"),
    [
        (say_only, "whole"),
        (change_the_old_note, "whole"),
        (end_a_job, "whole"),
        (change_both_notes, "whole"),
        (change_both_notes, "in half"),
        (change_both_notes, "in parts"),
    ],
)
async def test_a_crash_after_any_write_is_made_good_by_whoever_comes_next(
    mongo_url: str, scenario: Scenario, mode: Mode
) -> None:
    writes, is_blown = 0, True
    while is_blown:
        writes += 1
        case = case_of(scenario, f"{mongo_url}_{writes}")
        is_blown = await crash(case, writes, mode)
        survivor = mongo_instance(case.url)
        await assert_what_is_heard_can_be_read(case, survivor)
        await case.deliver(survivor)
        await survivor.delivery.finisher.finish_left()
        await assert_whole(case, survivor)
        await survivor.delivery.database.client.drop_database(survivor.delivery.database)
        await survivor.delivery.close()
    assert writes > 4
