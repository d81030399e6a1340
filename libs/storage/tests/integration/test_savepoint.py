"""A unit that fails before anything is worth keeping, and so before there is a savepoint."""

from uuid import uuid4

import pytest
from libs.messaging.tests.notes import NoteWritten
from libs.storage.tests.instances import Instance

from contracts.ids import new_id
from messaging.envelope import Envelope
from messaging.store import Store, Transaction
from storage.work import PostingWork


def cause() -> Envelope:
    return Envelope(type="WriteNote", source="gateway", subject="1", correlation_id=new_id())


async def write(transaction: Transaction[PostingWork], instance: Instance, text: str) -> None:
    async with transaction.work(cause()) as work:
        await instance.write(work, text)
        work.announce(NoteWritten(note_id=uuid4(), text=text), version=1)
        if text == "defect":
            raise ZeroDivisionError


async def fail(transaction: Transaction[PostingWork], instance: Instance) -> None:
    with pytest.raises(ZeroDivisionError):
        await write(transaction, instance, "defect")


async def said_in(instance: Instance) -> list[str]:
    parcels = await instance.delivery.outbox.unsent(10)
    messages = [message for parcel in parcels for message in parcel.messages]
    return [NoteWritten.model_validate_json(message.value).text for message in messages]


async def test_a_first_unit_that_writes_and_fails_leaves_nothing(
    instance: Instance, store: Store[PostingWork]
) -> None:
    async with store.begin() as transaction:
        await fail(transaction, instance)
    assert await instance.texts() == []
    assert await said_in(instance) == []


async def test_after_first_units_that_failed_the_transaction_goes_on(
    instance: Instance, store: Store[PostingWork]
) -> None:
    async with store.begin() as transaction:
        await fail(transaction, instance)
        await fail(transaction, instance)
        await write(transaction, instance, "good")
        await fail(transaction, instance)
        await write(transaction, instance, "better")
    assert sorted(await instance.texts()) == ["better", "good"]
    assert await said_in(instance) == ["good", "better"]


async def test_what_follows_a_first_unit_that_failed_is_still_all_or_nothing(
    instance: Instance, store: Store[PostingWork]
) -> None:
    async def write_and_fail() -> None:
        async with store.begin() as transaction:
            await fail(transaction, instance)
            await write(transaction, instance, "good")
            assert await instance.texts() == []
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await write_and_fail()
    assert await instance.texts() == []
    assert await said_in(instance) == []
