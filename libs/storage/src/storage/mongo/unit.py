"""A unit: all that one transaction has to say, as it is kept between commit and finish."""

from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from contracts.ids import new_id
from storage.mongo.database import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The document that a unit is embedded in."""

    collection: str
    id: Any


@dataclass(slots=True, kw_only=True)
class Unit:
    """What happens when the transaction is finished; each list in the form of its collection.

    In `collections` documents are locked until then. Those that are new, inbox entries among them,
    are there and hidden; of the others `changes` has the new states: each a `collection` and a
    whole `document`. `repeats` are inbox entries that were there before and have a new reply
    address or a settlement; `message_ids` are theirs, to be found by. A parcel with `if_settled`
    is dropped unless this unit has settled that entry. `parts` is how many documents more it takes.
    """

    id: UUID = field(default_factory=new_id)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    message_ids: list[UUID] = field(default_factory=list)
    collections: list[str] = field(default_factory=list)
    parts: int = 0
    changes: list[Document] = field(default_factory=list)
    repeats: list[Document] = field(default_factory=list)
    requests: list[Document] = field(default_factory=list)
    answered: list[UUID] = field(default_factory=list)
    jobs: list[Document] = field(default_factory=list)
    letters: list[Document] = field(default_factory=list)
    parcels: list[Document] = field(default_factory=list)

    @classmethod
    def of(cls, document: Document) -> "Unit":
        """The reverse of `document`."""
        known = {item.name for item in fields(cls)}
        content = {name: value for name, value in document.items() if name in known}
        return cls(id=document["_id"], **content)

    def document(self) -> Document:
        """The unit as it is stored; empty lists are left out."""
        content = {item.name: getattr(self, item.name) for item in fields(self)}
        del content["id"]
        return {"_id": self.id} | {
            name: value for name, value in content.items() if value or name == "created_at"
        }
