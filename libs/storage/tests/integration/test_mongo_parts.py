"""A unit that is too large for one document is stored in parts, which go when it is finished."""

import pytest
from libs.storage.tests.instances import MongoInstance

from contracts.ids import new_id
from storage.mongo import parts
from storage.mongo.database import Document
from storage.mongo.parts import loaded, stored_form
from storage.mongo.unit import Unit


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART_BYTES", 300)


@pytest.fixture
def unit() -> Unit:
    changes = [
        {"collection": "notes", "document": {"_id": new_id(), "text": f"{n}".ljust(100)}}
        for n in range(12)
    ]
    return Unit(collections=["notes"], changes=changes, answered=[new_id()])


async def stored(instance: MongoInstance, unit: Unit) -> Document:
    document = await stored_form(instance.delivery.database, unit)
    assert unit.parts > 10
    return document


async def test_a_unit_in_parts_comes_back_whole_and_in_order(
    one: MongoInstance, unit: Unit
) -> None:
    document = await stored(one, unit)
    assert not {"changes", "answered"} & set(document)
    assert (await loaded(one.delivery.database, document)) == unit


@pytest.mark.parametrize("number", [0, 4, 11])
async def test_a_unit_of_which_a_part_has_gone_was_finished_by_somebody_else(
    one: MongoInstance, unit: Unit, number: int
) -> None:
    document = await stored(one, unit)
    gone = await one.delivery.database["parts"].delete_one({"_id": f"{unit.id}/{number}"})
    assert gone.deleted_count == 1
    assert await loaded(one.delivery.database, document) is None
