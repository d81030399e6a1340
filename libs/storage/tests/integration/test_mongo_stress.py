"""Three instances get the same commands in different orders, while writes are slow and cut off.

Locks run out long before slow writes end, so that everybody shuts out, frees and finishes what
others have begun. Whatever the order, the notes must say that each command happened once.
"""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Final
from uuid import UUID

import pytest
from libs.messaging.tests.notes import NoteView, NoteWritten, WriteNote
from libs.storage.tests.instances import NAME, MongoInstance, mongo_instance
from libs.storage.tests.mongo_notes import everything_in, seen
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import AutoReconnect

from contracts.ids import new_id
from messaging.consumer import BatchConsumer
from messaging.envelope import Outgoing
from storage.mongo.database import Conflict
from storage.mongo.work import MongoWork
from testkit.records import LogRecord, record_of
from testkit.waiting import in_background, until

NOTES: Final = [new_id() for _ in range(4)]
COMMANDS: Final = 25
LOCK_S: Final = 0.02
SLOW_S: Final = 0.1

WRITES: Final = (
    *("insert_one", "replace_one", "update_one", "update_many"),
    *("delete_one", "delete_many", "bulk_write"),
)


class BadLuck:
    """Makes some writes slow, and lets some of those that were done look undone."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def around(self, write: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def written(*arguments: Any, **options: Any) -> Any:
            luck = self._chance.random()
            if luck < 0.25:
                await asyncio.sleep(self._chance.random() * SLOW_S)
            result = await write(*arguments, **options)
            if luck > 0.98:
                raise AutoReconnect("cut off after the write")
            return result

        return written


async def note_down(command: WriteNote, work: MongoWork) -> NoteView:
    """Change each note whose number is in the text; a note lists what has changed it."""
    for number in command.text:
        note_id, by = NOTES[int(number)], str(work.cause.id)
        note = await work.documents.get("notes", note_id)
        if note is None:
            note = {"_id": note_id, "by": [by]}
            work.documents.add("notes", note)
        else:
            note = note | {"by": [*note["by"], by]}
            work.documents.save("notes", note)
        work.announce(NoteWritten(note_id=note_id, text=by), version=len(note["by"]))
    return NoteView(text=command.text)


def commands(chance: random.Random) -> dict[UUID, LogRecord]:
    found: dict[UUID, LogRecord] = {}
    for _ in range(COMMANDS):
        numbers = chance.sample(range(len(NOTES)), chance.choice([1, 1, 1, 2, 3]))
        id_, text = new_id(), "".join(str(number) for number in sorted(numbers))
        found[id_] = record_of(WriteNote(note_id=new_id(), text=text), id=id_)
    return found


def shuffled(records: Sequence[LogRecord], chance: random.Random) -> list[list[LogRecord]]:
    """All of them in some order, in batches."""
    left, batches = chance.sample(records, len(records)), []
    while left:
        size = chance.choice([1, 1, 1, 3])
        batches.append(left[:size])
        left = left[size:]
    return batches


async def consume(instance: MongoInstance, batches: Sequence[Sequence[LogRecord]]) -> None:
    """Each batch until it has been consumed, as a subscription does it."""
    store = instance.delivery.store
    consumer: BatchConsumer[MongoWork] = BatchConsumer(
        name=NAME, store=store, handlers={WriteNote: note_down}, problems={}
    )
    for batch in batches:
        while True:
            try:
                await consumer.consume(batch)
                break
            except (Conflict, AutoReconnect):
                await asyncio.sleep(random.random() / 50)


async def keep_finishing(instance: MongoInstance) -> None:
    while True:
        with suppress(AutoReconnect):
            await instance.delivery.finisher.run()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[MongoInstance]:
    instance = mongo_instance(url)
    finisher = instance.delivery.finisher
    finisher.lock_s, finisher.every_s = LOCK_S, LOCK_S
    try:
        yield instance
    finally:
        await instance.delivery.close()


async def is_quiet(instance: MongoInstance) -> bool:
    """Is nothing left of a lock, a unit, or a parcel that is held back?"""
    await instance.delivery.finisher.finish_left()
    for name, rows in (await everything_in(instance)).items():
        for row in rows:
            is_unit = name == "units" and "aborted_at" not in row
            if is_unit or "is_held" in row or {"lock", "unit"} & set(row.get("delivery", {})):
                return False
    return True


async def messages_of(instance: MongoInstance, type: str) -> list[Outgoing]:
    parcels = await instance.delivery.outbox.unsent(10_000)
    found = [message for parcel in parcels for message in parcel.messages]
    return [message for message in found if message.headers["ce_type"] == type]


@pytest.mark.parametrize("seed", [1, 2])
async def test_each_command_happens_once_however_slow_and_unlucky_the_instances_are(
    mongo_url: str, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    records = commands(chance)
    async with AsyncExitStack() as stack:
        instances = [await stack.enter_async_context(opened(mongo_url)) for _ in range(3)]
        await instances[0].prepare()
        with monkeypatch.context() as patch:
            for name in WRITES:
                write = BadLuck(chance).around(getattr(AsyncCollection, name))
                patch.setattr(AsyncCollection, name, write)
            async with AsyncExitStack() as finishing, asyncio.timeout(60):
                for instance in instances:
                    await finishing.enter_async_context(in_background(keep_finishing(instance)))
                orders = [shuffled([*records.values()], chance) for _ in instances]
                await asyncio.gather(*map(consume, instances, orders))
        await until(lambda: is_quiet(instances[0]))
        await check(instances[0], records)


async def check(instance: MongoInstance, records: dict[UUID, LogRecord]) -> None:
    texts = {id_: WriteNote.model_validate_json(r.value or b"").text for id_, r in records.items()}
    notes = await seen(instance)
    for number, note_id in enumerate(NOTES):
        expected = {str(id_) for id_, text in texts.items() if str(number) in text}
        assert Counter(notes[note_id]["by"]) == Counter(expected)
    told: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for message in await messages_of(instance, "NoteWritten"):
        text = NoteWritten.model_validate_json(message.value).text
        told[message.key].append((int(message.headers["ce_sequence"]), text))
    assert told == {str(id_): list(enumerate(note["by"], 1)) for id_, note in notes.items()}
    outcomes = await messages_of(instance, "Outcome")
    assert {message.headers["ce_causationid"] for message in outcomes} == {*map(str, records)}
    assert all('"succeeded"' in message.value for message in outcomes)
