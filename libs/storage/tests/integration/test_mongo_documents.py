"""What units of work see of documents."""

import pytest
from libs.storage.tests.instances import MongoInstance
from libs.storage.tests.mongo_notes import (
    add,
    cause,
    change,
    seen,
    working,
)

from contracts.ids import new_id
from messaging.store import DeadLetter
from storage.mongo.work import MongoWork


async def test_a_unit_of_work_sees_what_was_staged_before_and_nobody_else_does(
    one: MongoInstance, another: MongoInstance
) -> None:
    old, new = await add(one, text="old", tags=["a"]), new_id()
    async with one.delivery.store.begin() as transaction:
        async with transaction.work(cause()) as work:
            await change(work, old, text="changed")
            work.documents.add("notes", {"_id": new, "text": "new", "tags": ["b", "c"]})
        async with transaction.work(cause()) as work:
            assert (await work.documents.get("notes", old) or {})["text"] == "changed"
            assert (await work.documents.find_one("notes", {"tags": "c"}) or {})["_id"] == new
            assert await work.documents.find_one("notes", {"text": "old"}) is None
            await change(work, new, text="newer")
        assert await seen(another) == {old: {"_id": old, "text": "old", "tags": ["a"]}}
    texts = {note["text"] for note in (await seen(another)).values()}
    assert texts == {"changed", "newer"}


async def test_a_unit_of_work_that_fails_leaves_what_was_staged_before(one: MongoInstance) -> None:
    note_id = await add(one, text="old")

    async def change_and_fail(work: MongoWork) -> None:
        await change(work, note_id, text="spoilt")
        raise ZeroDivisionError

    async with one.delivery.store.begin() as transaction:
        async with transaction.work(cause()) as work:
            await change(work, note_id, text="good")
        with pytest.raises(ZeroDivisionError):
            async with transaction.work(cause()) as work:
                await change_and_fail(work)
    assert (await seen(one))[note_id]["text"] == "good"


async def test_nothing_changes_but_by_saving(one: MongoInstance) -> None:
    note_id = await add(one, tags=["a"])
    async with working(one) as work:
        note = await work.documents.get("notes", note_id)
        assert note
        work.documents.save("notes", note)
        note["tags"].append("b")
        assert await work.documents.get("notes", note_id) == {"_id": note_id, "tags": ["a"]}
    assert (await seen(one))[note_id]["tags"] == ["a"]


async def test_a_document_is_found_by_a_value_or_by_a_member_of_a_list(one: MongoInstance) -> None:
    first, _ = await add(one, text="a", tags=["x", "y"]), await add(one, text="b", tags=["z"])
    async with working(one) as work:
        for filter in ({"text": "a"}, {"tags": "y"}, {"text": "a", "tags": "x"}):
            assert (await work.documents.find_one("notes", filter) or {})["_id"] == first
        assert await work.documents.find_one("notes", {"text": "a", "tags": "z"}) is None


async def test_a_transaction_may_be_larger_than_a_document(one: MongoInstance) -> None:
    letter = DeadLetter(
        consumer="notes",
        topic="notes.commands.v1",
        partition=0,
        offset=0,
        key=None,
        value=b"x" * 1_000_000,
        headers=[],
        error="broken",
        attempts=1,
    )
    async with one.delivery.store.begin() as transaction:
        for _ in range(20):
            transaction.bury(letter)
    assert await one.delivery.dead_letters.count() == 20
    messages = [m for parcel in await one.delivery.outbox.unsent(100) for m in parcel.messages]
    assert len(messages) == 20
    assert await one.delivery.database["parts"].count_documents({}) == 0
