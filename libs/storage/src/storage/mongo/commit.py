"""Commits a unit: in the one document it changes, or in a document of its own."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from pymongo import InsertOne, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError

from storage.mongo.database import Conflict, Document
from storage.mongo.finishing import FREE, Finisher
from storage.mongo.parts import stored_form
from storage.mongo.unit import Home, Unit

LockWrite: TypeAlias = InsertOne[Document] | UpdateOne

_DUPLICATE_KEY: Final = 11000


@dataclass(frozen=True, kw_only=True)
class Change:
    """The whole new state of a document; not a new one must still meet the `condition`."""

    collection: str
    document: Document
    condition: Mapping[str, Any] = field(default_factory=dict)
    is_new: bool = False

    @property
    def stamp_is_read(self) -> bool:
        """Can one find out later whether this change has happened, or can't any more?"""
        return not self.is_new and "delivery.stamp" in self.condition

    @property
    def filter(self) -> Document:
        """Finds the document as it was read, when nobody else is at it."""
        return {"_id": self.document["_id"], **self.condition, **FREE}


async def commit(
    finisher: Finisher, unit: Unit, changes: Sequence[Change], entries: Sequence[Document]
) -> Home | None:
    """Commit a unit with the documents it changes and its new inbox entries.

    Returns the document in which it lies now, if it isn't one of its own. Raises Conflict, with
    nothing changed; any other error leaves open whether it is committed.
    """
    received = [Change(collection="inbox", document=row, is_new=True) for row in entries]
    unit.message_ids = [row["message_id"] for row in unit.repeats]
    try:
        if not received and len(changes) == 1:
            return await _commit_inside(finisher, unit, changes[0])
        if not changes and len(received) == 1:
            return await _commit_inside(finisher, unit, received[0])
        if len(changes) == 1 and changes[0].stamp_is_read:
            await _lock(finisher, unit, received, around=changes[0])
            return await _commit_inside(finisher, unit, changes[0])
        await _lock(finisher, unit, [*changes, *received])
        await _commit_apart(finisher, unit)
    except (Conflict, DuplicateKeyError) as error:
        with suppress(PyMongoError):
            await finisher.free(unit.id)
        raise Conflict(f"unit {unit.id} can't be committed: {error}") from error
    return None


async def _commit_inside(finisher: Finisher, unit: Unit, change: Change) -> Home:
    """One write of one document: its new state, and the unit in it."""
    collection = finisher.database[change.collection]
    state = {"stamp": unit.id, "unit": await stored_form(finisher.database, unit)}
    document = change.document | {"delivery": state}
    if change.is_new:
        await collection.insert_one(document)
    elif not (await collection.replace_one(change.filter, document)).matched_count:
        raise Conflict(f"{change.collection} {document['_id']} has changed since it was read")
    return Home(collection=change.collection, id=document["_id"])


async def _commit_apart(finisher: Finisher, unit: Unit) -> None:
    """One write of the unit with the new states of all the documents that are locked.

    Whoever finds a lock that is too old aborts the unit, and then this write fails.
    """
    await finisher.database["units"].insert_one(await stored_form(finisher.database, unit))


async def _lock(
    finisher: Finisher, unit: Unit, changes: Sequence[Change], *, around: Change | None = None
) -> None:
    """Take the documents for a unit, which will lie apart or in the one that `around` changes."""
    until = datetime.now(UTC) + timedelta(seconds=finisher.lock_s)
    lock: Document = {"unit": unit.id, "until": until}
    if around is not None:
        id, stamp = around.document["_id"], around.condition["delivery.stamp"]
        lock["home"] = {"collection": around.collection, "id": id, "stamp": stamp}
    writes: defaultdict[str, list[LockWrite]] = defaultdict(list)
    for change in changes:
        if change.is_new:
            added = change.document | {"delivery": {"lock": lock | {"is_new": True}}}
            writes[change.collection].append(InsertOne(added))
        else:
            update = {"$set": {"delivery.lock": lock}}
            writes[change.collection].append(UpdateOne(change.filter, update))
    unit.changes = [
        {"collection": change.collection, "document": change.document}
        for change in changes
        if not change.is_new
    ]
    unit.collections = sorted(writes)
    for collection in unit.collections:
        await _lock_in(finisher, collection, writes[collection])


async def _lock_in(finisher: Finisher, collection: str, writes: Sequence[LockWrite]) -> None:
    try:
        done = await finisher.database[collection].bulk_write(list(writes), ordered=False)
    except BulkWriteError as error:
        if all(item["code"] == _DUPLICATE_KEY for item in error.details["writeErrors"]):
            raise Conflict(f"something is in {collection} already") from error
        raise
    if done.inserted_count + done.matched_count < len(writes):
        raise Conflict(f"something in {collection} has changed since it was read")
