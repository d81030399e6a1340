"""Notes in a MongoDB store: what tests do with them, in a unit of work and outside."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from libs.messaging.tests.notes import NoteWritten
from libs.storage.tests.instances import MongoInstance

from contracts.ids import new_id
from messaging.envelope import Envelope
from storage.mongo.reading import VISIBLE, committed
from storage.mongo.work import MongoWork


def cause() -> Envelope:
    return Envelope(type="WriteNote", source="gateway", subject="1", correlation_id=new_id())


@asynccontextmanager
async def working(instance: MongoInstance) -> AsyncIterator[MongoWork]:
    """One unit of work in a transaction of its own."""
    async with instance.delivery.store.begin() as transaction, transaction.work(cause()) as work:
        yield work


async def add(instance: MongoInstance, **fields: Any) -> UUID:
    note_id = new_id()
    async with working(instance) as work:
        work.documents.add("notes", {"_id": note_id, **fields})
    return note_id


async def change(work: MongoWork, note_id: UUID, **fields: Any) -> None:
    note = await work.documents.get("notes", note_id)
    assert note
    work.documents.save("notes", note | fields)
    work.announce(NoteWritten(note_id=note_id, text="changed"), version=2)


async def change_all(instance: MongoInstance, *note_ids: UUID, **fields: Any) -> None:
    async with working(instance) as work:
        for note_id in note_ids:
            await change(work, note_id, **fields)


async def seen(instance: MongoInstance) -> dict[UUID, dict[str, Any]]:
    """What a reader outside any transaction sees."""
    rows = instance.delivery.database["notes"].find(VISIBLE)
    return {row["_id"]: committed(row) async for row in rows}


async def everything_in(instance: MongoInstance) -> dict[str, list[dict[str, Any]]]:
    database = instance.delivery.database
    return {
        name: await database[name].find().sort("_id").to_list()
        for name in await database.list_collection_names()
    }


async def got(instance: MongoInstance, note_id: UUID) -> dict[str, Any] | None:
    """What a unit of work sees."""
    async with working(instance) as work:
        return await work.documents.get("notes", note_id)


class Hold:
    """Stops whoever is about to commit: all is locked, and nothing is committed.

    `collection` is where the unit would lie: in a document of its own, or in a note.
    """

    def __init__(self) -> None:
        self.collection = "units"
        self.is_there = asyncio.Event()
        self.may_go = asyncio.Event()

    def around(self, write: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def held(collection: Any, document: Any, *arguments: Any, **options: Any) -> Any:
            is_unit = "created_at" in document or self.collection == "notes"
            if collection.name == self.collection and is_unit and not self.is_there.is_set():
                self.is_there.set()
                await self.may_go.wait()
            return await write(collection, document, *arguments, **options)

        return held
