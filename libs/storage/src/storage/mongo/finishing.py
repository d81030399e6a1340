"""Finishes what has been committed, and frees what has been abandoned, whoever began it."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Final
from uuid import UUID

from pymongo import ReplaceOne
from pymongo.errors import DuplicateKeyError

from contracts.ids import new_id
from storage.mongo.database import Conflict, Document, MongoDatabase
from storage.mongo.effects import apply_effects, release_parcels
from storage.mongo.parts import drop_parts, loaded
from storage.mongo.unit import Home, Unit

log = logging.getLogger(__name__)

DELIVERYS_HOMES: Final = ("inbox", "jobs")
"""Collections of delivery whose documents can be locked or have a unit in them."""

FREE: Final[Mapping[str, Any]] = {"delivery.lock": None, "delivery.unit": None}
"""Finds a document that nobody is about to change."""

_POLL_S: Final = 0.02


@dataclass(kw_only=True)
class Finisher:
    """`collections` are the service's own. A lock is respected for `lock_s` after it was taken.

    Every step can be repeated and may be done by several at once: effects first, then the new
    states, each of which frees its lock, then the parcels go to the relay, and last the unit goes.
    `after_finish` is called when `run` has finished something that somebody had left.
    """

    database: MongoDatabase
    collections: Sequence[str]
    lock_s: float = 5.0
    every_s: float = 2.0
    patience_s: float = 10.0
    after_finish: Callable[[], None] = lambda: None

    @property
    def homes(self) -> list[str]:
        """All collections whose documents can be locked or have a unit in them."""
        return [*self.collections, *DELIVERYS_HOMES]

    async def run(self) -> None:
        """Until cancelled. Raises what the driver raises when the store is away."""
        while True:
            if await self.finish_left(older_than=timedelta(seconds=self.every_s / 2)):
                self.after_finish()
            await asyncio.sleep(self.every_s)

    async def finish_left(self, *, older_than: timedelta = timedelta()) -> int:
        """Finish what was committed longer ago, free what was abandoned; returns how much."""
        now = datetime.now(UTC)
        count = await self._finish_where({"created_at": {"$lte": now - older_than}})
        for collection in self.homes:
            abandoned = {"delivery.lock.until": {"$lt": now}}
            async for document in self.database[collection].find(abandoned):
                await self._resolve(document["delivery"]["lock"])
                count += 1
        return count

    async def finish_messages(self, ids: Sequence[UUID]) -> None:
        """Finish whatever changes an inbox entry of these messages that was there before."""
        await self._finish_where({"message_ids": {"$in": list(ids)}})

    async def fetch(self, collection: str, filter: Mapping[str, Any]) -> Document | None:
        """The document that the filter finds when nothing about it is unfinished, or None.

        Raises Conflict when somebody keeps it locked for too long.
        """
        deadline = monotonic() + self.patience_s
        while monotonic() < deadline:
            document = await self.database[collection].find_one(filter)
            if document is None or await self.is_finished(collection, document):
                return document
        raise Conflict(f"a document of {collection} is locked")

    async def find(self, collection: str, filter: Mapping[str, Any]) -> Document | None:
        """The same for a filter on what a unit may be about to change."""
        await self._finish_apart({"collections": collection})
        return await self.fetch(collection, filter)

    async def whole(self, collection: str, document: Document) -> Document | None:
        """This document, or if something about it is unfinished, what becomes of it."""
        state = document.get("delivery", {})
        if "lock" in state or "unit" in state:
            return await self.fetch(collection, {"_id": document["_id"]})
        return document

    async def is_finished(self, collection: str, document: Document) -> bool:
        """Is nothing unfinished here? If something was, it has been seen to: look again."""
        state = document.get("delivery", {})
        if unit := state.get("unit"):
            await self._finish_stored(unit, Home(collection=collection, id=document["_id"]))
        elif lock := state.get("lock"):
            await self._resolve(lock)
        else:
            return True
        return False

    async def finish(self, unit: Unit, home: Home | None) -> None:
        """Do what a committed unit says; without a home it lies in a collection of its own."""
        await apply_effects(self.database, unit)
        if unit.collections:
            await self._apply_changes(unit)
            await release_parcels(self.database, unit)
        if home is not None:
            await self.database[home.collection].update_one(
                {"_id": home.id, "delivery.unit._id": unit.id}, {"$unset": {"delivery.unit": 1}}
            )
        else:
            await self.database["units"].delete_one({"_id": unit.id})
        await drop_parts(self.database, unit)

    async def free(self, unit_id: UUID) -> None:
        """Take back the locks of a unit that will never be committed.

        Its owner may not know yet and still be taking some. What it adds between the two writes
        stays hidden, until somebody finds those locks too.
        """
        mine = {"delivery.lock.unit": unit_id}
        changed = {**mine, "delivery.lock.is_new": {"$ne": True}}
        for name in self.homes:
            await self.database[name].delete_many({**mine, "delivery.lock.is_new": True})
            await self.database[name].update_many(changed, {"$unset": {"delivery.lock": 1}})

    async def _finish_stored(self, document: Document, home: Home | None) -> None:
        unit = await loaded(self.database, document)
        if unit is not None:
            await self.finish(unit, home)

    async def _apply_changes(self, unit: Unit) -> None:
        state = {"stamp": unit.id}
        added = {"delivery.lock.unit": unit.id, "delivery.lock.is_new": True}
        for collection in unit.collections:
            shown = {"$set": {"delivery": state}}
            await self.database[collection].update_many(added, shown)
        writes: defaultdict[str, list[ReplaceOne[Document]]] = defaultdict(list)
        for change in unit.changes:
            document = change["document"]
            locked = {"_id": document["_id"], "delivery.lock.unit": unit.id}
            write = ReplaceOne(locked, document | {"delivery": state})
            writes[change["collection"]].append(write)
        for collection, states in writes.items():
            await self.database[collection].bulk_write(states, ordered=False)

    async def _finish_where(self, filter: Mapping[str, Any]) -> int:
        count = await self._finish_apart(filter)
        embedded = {f"delivery.unit.{name}": value for name, value in filter.items()}
        for collection in self.homes:
            async for document in self.database[collection].find(embedded):
                await self.is_finished(collection, document)
                count += 1
        return count

    async def _finish_apart(self, filter: Mapping[str, Any]) -> int:
        count = 0
        waiting = {**filter, "aborted_at": None}
        async for document in self.database["units"].find(waiting).sort("_id"):
            await self._finish_stored(document, None)
            count += 1
        return count

    async def _resolve(self, lock: Document) -> None:
        """See to one lock: finish its unit, or take it back when its owner has had its time."""
        unit_id, is_old = lock["unit"], lock["until"] <= datetime.now(UTC)
        if home := lock.get("home"):
            is_dead = await self._is_dead_at(home, unit_id, is_old=is_old)
        else:
            is_dead = await self._is_dead_apart(unit_id, is_old=is_old)
        if is_dead:
            log.warning("unit %s was abandoned; what it had locked is free again", unit_id)
            await self.free(unit_id)
        else:
            await asyncio.sleep(_POLL_S)

    async def _is_dead_apart(self, unit_id: UUID, *, is_old: bool) -> bool:
        """Can this unit never be committed? Sees to it, if it has had its time; or finishes it."""
        document = await self.database["units"].find_one({"_id": unit_id})
        if document is None:
            if is_old:
                aborted = {"_id": unit_id, "aborted_at": datetime.now(UTC)}
                with suppress(DuplicateKeyError):
                    await self.database["units"].insert_one(aborted)
                    return True
            return False
        if "aborted_at" in document:
            return True
        await self._finish_stored(document, None)
        return False

    async def _is_dead_at(self, home: Document, unit_id: UUID, *, is_old: bool) -> bool:
        """The same for a unit that is to lie in a document that had a certain stamp."""
        homes = self.database[home["collection"]]
        document = await homes.find_one({"_id": home["id"]}) or {}
        state = document.get("delivery", {})
        if state.get("stamp") == unit_id:
            if unit := state.get("unit"):
                await self._finish_stored(unit, Home(collection=home["collection"], id=home["id"]))
            return False
        if state.get("stamp") != home["stamp"]:
            return True
        if not is_old:
            return False
        as_it_was = {"_id": home["id"], "delivery.stamp": home["stamp"], **FREE}
        fenced = await homes.update_one(as_it_was, {"$set": {"delivery.stamp": new_id()}})
        return bool(fenced.matched_count)
