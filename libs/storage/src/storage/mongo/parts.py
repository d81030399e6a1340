"""Units that are too large for one document: they go on in others, written before the commit."""

from collections.abc import Iterator
from typing import Any, Final

from bson import encode

from storage.mongo.database import Document, MongoDatabase
from storage.mongo.unit import Unit

PART_BYTES: Final = 4 * 1024 * 1024
"""A document takes 16 MB. A unit may lie beside an aggregate, and one row may be over the mark."""

_LISTS: Final = (
    "changes",
    "repeats",
    "requests",
    "answered",
    "jobs",
    "letters",
    "parcels",
)


async def stored_form(database: MongoDatabase, unit: Unit) -> Document:
    """The document of a unit that is about to be committed, its parts written already.

    What is left of parts whose unit was never committed goes when it is old.
    """
    document = unit.document()
    if len(_encoded(database, document)) <= PART_BYTES:
        return document
    parts = [
        {"_id": f"{unit.id}/{n}", "unit": unit.id, "created_at": unit.created_at, "rows": rows}
        for n, rows in enumerate(_portions(database, unit))
    ]
    for part in parts:
        await database["parts"].insert_one(part)
    unit.parts = len(parts)
    return {name: value for name, value in unit.document().items() if name not in _LISTS}


async def loaded(database: MongoDatabase, document: Document) -> Unit | None:
    """The unit that was stored like this; None when it has been finished meanwhile."""
    unit = Unit.of(document)
    if not unit.parts:
        return unit
    parts = await database["parts"].find({"unit": unit.id}).to_list()
    if len(parts) < unit.parts:
        return None
    for part in sorted(parts, key=lambda part: int(part["_id"].rpartition("/")[2])):
        for row in part["rows"]:
            getattr(unit, row["list"]).append(row["row"])
    return unit


async def drop_parts(database: MongoDatabase, unit: Unit) -> None:
    """The unit is finished and gone, and nobody will look for its parts."""
    if unit.parts:
        await database["parts"].delete_many({"unit": unit.id})


def _portions(database: MongoDatabase, unit: Unit) -> Iterator[list[Document]]:
    portion: list[Document] = []
    size = 0
    for name in _LISTS:
        for row in getattr(unit, name):
            item = {"list": name, "row": row}
            size += len(_encoded(database, item))
            if portion and size > PART_BYTES:
                yield portion
                portion, size = [], len(_encoded(database, item))
            portion.append(item)
    yield portion


def _encoded(database: MongoDatabase, document: Document) -> bytes:
    options: Any = database.codec_options
    return encode(document, codec_options=options)
