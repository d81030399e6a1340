"""The documents of one transaction, as its units of work see and change them."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from storage.mongo.commit import Change
from storage.mongo.database import Conflict, Document
from storage.mongo.finishing import Finisher
from storage.mongo.reading import committed

Place: TypeAlias = tuple[str, UUID]
"""A collection and the id of a document in it."""


@dataclass(frozen=True, slots=True)
class Version:
    """One state of a document in a transaction. No content: there is no such document.

    `stamp` is that of the state that was read from the store, if it was there.
    """

    content: Document | None
    stamp: UUID | None
    is_new: bool = False


class Staging:
    """What a transaction has read, and what it is going to write."""

    def __init__(self, finisher: Finisher) -> None:
        self.finisher = finisher
        self.read: dict[Place, Version] = {}
        self.changed: dict[Place, Version] = {}

    def documents(self) -> "Documents":
        """The view of a new unit of work; `keep` makes what it changes part of the transaction."""
        return Documents(self)

    def keep(self, documents: "Documents") -> None:
        """The unit of work has succeeded."""
        self.changed |= documents.changed

    def changes(self) -> list[Change]:
        """What is to be written, in the order of places, so that two instances meet early."""
        return [
            Change(
                collection=place[0],
                document=version.content,
                condition={"delivery.stamp": version.stamp},
                is_new=version.is_new,
            )
            for place, version in sorted(self.changed.items(), key=lambda item: item[0])
            if version.content is not None
        ]

    def remember(self, collection: str, document: Document) -> Place:
        """A document of the store, as it is seen from now on in this transaction.

        Raises Conflict when it has been seen before and somebody has changed it since.
        """
        place = (collection, document["_id"])
        stamp = document.get("delivery", {}).get("stamp")
        before = self.read.setdefault(place, Version(committed(document), stamp))
        if before.content is None or before.stamp != stamp:
            raise Conflict(f"{place} has changed since it was read")
        return place


class Documents:
    """A unit of work's view of the documents: it sees what the transaction has staged before.

    A document is a dict with its id under `_id`; `delivery` is a reserved key and never shown. What
    comes out is a copy: nothing changes but by `add` and `save`, and nothing is written before the
    transaction's end. Where the id of a new document or another field must be unique, the caller
    looks first; an index decides between two who looked at the same time, and one tries again.
    A field with a unique index must keep the value that it was added with.
    """

    def __init__(self, staging: Staging) -> None:
        self._staging = staging
        self.changed: dict[Place, Version] = {}

    async def get(self, collection: str, id: UUID) -> Document | None:
        """The document with that id, or None.

        Raises Conflict (transient) when another instance has it for too long.
        """
        version = self._seen((collection, id))
        if version is None:
            found = await self._staging.finisher.fetch(collection, {"_id": id})
            if found is None:
                version = self._staging.read.setdefault((collection, id), Version(None, None))
            else:
                version = self._staging.read[self._staging.remember(collection, found)]
        return deepcopy(version.content)

    async def find_one(self, collection: str, filter: Mapping[str, Any]) -> Document | None:
        """A document whose fields have these values, or None. A list has each of its members.

        Raises Conflict (transient) when another instance has it for too long.
        """
        changed = self._staging.changed | self.changed
        mine = {id: version for (name, id), version in changed.items() if name == collection}
        for version in mine.values():
            if version.content is not None and _matches(version.content, filter):
                return deepcopy(version.content)
        elsewhere = {**filter, "_id": {"$nin": list(mine)}}
        found = await self._staging.finisher.find(collection, elsewhere)
        if found is None:
            return None
        return deepcopy(self._staging.read[self._staging.remember(collection, found)].content)

    def add(self, collection: str, document: Document) -> None:
        """Stage a new document; the caller has looked before that there is none."""
        place = (collection, document["_id"])
        seen = self._seen(place)
        assert seen is None or seen.content is None, f"{place} is there already"
        self.changed[place] = Version(deepcopy(document), None, is_new=True)

    def save(self, collection: str, document: Document) -> None:
        """Stage the whole new state of a document that was read or added before."""
        place = (collection, document["_id"])
        seen = self._seen(place)
        assert seen, f"{place} has not been read"
        assert seen.content is not None, f"{place} is not there"
        self.changed[place] = Version(deepcopy(document), seen.stamp, seen.is_new)

    def _seen(self, place: Place) -> Version | None:
        for versions in (self.changed, self._staging.changed, self._staging.read):
            if place in versions:
                return versions[place]
        return None


def _matches(content: Document, filter: Mapping[str, Any]) -> bool:
    return all(
        value == content.get(name)
        or (isinstance(content.get(name), list) and value in content[name])
        for name, value in filter.items()
    )
