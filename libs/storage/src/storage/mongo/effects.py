"""What a unit does beside the documents it changes. Every write here can be repeated at any time.

A finisher may be slow and another one faster, so nothing here brings back what has been taken away:
a request that was answered and a job that ended leave a mark, and go when they are old.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

from pymongo import UpdateOne

from storage.mongo.database import Document, MongoDatabase
from storage.mongo.unit import Unit

Write: TypeAlias = UpdateOne


async def apply_effects(database: MongoDatabase, unit: Unit) -> None:
    """Write repeated inbox entries, requests, jobs, dead letters and parcels of a unit.

    Its parcels are held back as long as documents are locked: nobody shall hear of what
    can't be read yet.
    """
    await _write(database, "inbox", _entry_writes(unit))
    await _write(database, "requests", _request_writes(unit))
    await _write(database, "jobs", [_insert(row) for row in unit.jobs])
    await _write(database, "dead_letters", [_insert(row) for row in unit.letters])
    parcels = await _parcels(database, unit)
    await _write(database, "outbox", [_insert(row) for row in parcels])


async def release_parcels(database: MongoDatabase, unit: Unit) -> None:
    """Let the relay have what was held back."""
    ids = [parcel["_id"] for parcel in unit.parcels]
    await database["outbox"].update_many(
        {"_id": {"$in": ids}, "is_held": True}, {"$unset": {"is_held": True}}
    )


def _entry_writes(unit: Unit) -> list[Write]:
    """The first settlement stands; of several reply addresses the last one is good."""
    writes = [_insert(row) for row in unit.repeats]
    for row in unit.repeats:
        reply = {name: row[name] for name in ("reply_topic", "reply_partition")}
        writes.append(UpdateOne({"_id": row["_id"]}, {"$set": reply}))
        if row["settlement"] is not None:
            settled = {"settlement": row["settlement"], "settled_by": unit.id}
            unsettled = {"_id": row["_id"], "settlement": None}
            writes.append(UpdateOne(unsettled, {"$set": settled}))
    return writes


def _request_writes(unit: Unit) -> list[Write]:
    writes = [_insert(row) for row in unit.requests]
    for command_id in unit.answered:
        answer = {"answered_at": unit.created_at}
        writes.append(UpdateOne({"_id": command_id}, {"$set": answer}, upsert=True))
    return writes


async def _parcels(database: MongoDatabase, unit: Unit) -> list[Document]:
    keys = [parcel["if_settled"] for parcel in unit.parcels if "if_settled" in parcel]
    mine: set[Any] = set()
    if keys:
        settled = database["inbox"].find({"_id": {"$in": keys}, "settled_by": unit.id})
        mine = {entry["_id"] async for entry in settled}
    held = {"is_held": True} if unit.collections else {}
    return [
        {name: value for name, value in parcel.items() if name != "if_settled"} | held
        for parcel in unit.parcels
        if "if_settled" not in parcel or parcel["if_settled"] in mine
    ]


def _insert(row: Document) -> Write:
    content = {name: value for name, value in row.items() if name != "_id"}
    return UpdateOne({"_id": row["_id"]}, {"$setOnInsert": content}, upsert=True)


async def _write(database: MongoDatabase, collection: str, writes: Sequence[Write]) -> None:
    """In order, for a settlement follows its entry."""
    if writes:
        await database[collection].bulk_write(list(writes), ordered=True)
