import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from libs.messaging.tests.notes import NoteView, NoteWritten
from libs.storage.tests.instances import Instance

from contracts.ids import new_id
from contracts.problems import ProblemType
from messaging.dead_letters import DeadLetters
from messaging.envelope import Envelope, Outgoing, ReplyAddress
from messaging.inbox import InboxEntry
from messaging.store import DeadLetter, Inbox, Outbox, Store, Transaction
from messaging.work import Settlement
from storage.work import PostingWork

DONE = Settlement.succeeded(NoteView(text="done"))
LATE = Settlement.refused(ProblemType("late", 409, "Late").problem())
REPLY = ReplyAddress(topic="gateway.outcomes.v1", partition=1)


def cause() -> Envelope:
    return Envelope(
        type="WriteNote",
        source="gateway",
        subject="1",
        correlation_id=new_id(),
        traceparent="00-ab-cd-01",
        reply_to=REPLY,
    )


def entry_of(envelope: Envelope, settlement: Settlement | None = None) -> InboxEntry:
    return replace(InboxEntry.of("notes", envelope, "f" * 64), settlement=settlement)


async def write(instance: Instance, work: PostingWork, text: str) -> None:
    await instance.write(work, text)
    work.announce(NoteWritten(note_id=uuid4(), text=text), version=1)


async def messages_in(outbox: Outbox) -> list[Outgoing]:
    return [message for parcel in await outbox.unsent(1_000) for message in parcel.messages]


async def known_in(store: Store[PostingWork], *ids: UUID) -> dict[UUID, InboxEntry]:
    async with store.begin() as transaction:
        return await transaction.received(ids)


async def test_state_inbox_and_outbox_are_committed_together(
    instance: Instance, store: Store[PostingWork], outbox: Outbox
) -> None:
    envelope = cause()
    async with store.begin() as transaction:
        async with transaction.work(envelope) as work:
            await write(instance, work, "hello")
        transaction.remember(entry_of(envelope, DONE))
        assert await instance.texts() == []
    assert await instance.texts() == ["hello"]
    types = [m.headers["ce_type"] for m in await messages_in(outbox)]
    assert types == ["NoteWritten", "Outcome"]
    assert list(await known_in(store, envelope.id)) == [envelope.id]


async def test_an_error_leaves_nothing_of_a_transaction(
    instance: Instance, store: Store[PostingWork], outbox: Outbox
) -> None:
    envelope = cause()

    async def write_and_fail() -> None:
        async with store.begin() as transaction:
            async with transaction.work(envelope) as work:
                await write(instance, work, "hello")
            transaction.remember(entry_of(envelope, DONE))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write_and_fail()
    assert await instance.texts() == []
    assert await messages_in(outbox) == []
    assert await known_in(store, envelope.id) == {}


async def test_a_unit_of_work_that_fails_undoes_its_own_work_only(
    instance: Instance, store: Store[PostingWork], outbox: Outbox
) -> None:
    async def write_and_fail(transaction: Transaction[PostingWork]) -> None:
        async with transaction.work(cause()) as work:
            await write(instance, work, "undone")
            raise ZeroDivisionError

    async with store.begin() as transaction:
        async with transaction.work(cause()) as work:
            await write(instance, work, "before")
        with pytest.raises(ZeroDivisionError):
            await write_and_fail(transaction)
        async with transaction.work(cause()) as work:
            await write(instance, work, "after")
    assert set(await instance.texts()) == {"before", "after"}
    published = [NoteWritten.model_validate_json(m.value).text for m in await messages_in(outbox)]
    assert published == ["before", "after"]


async def test_an_inbox_entry_comes_back_as_it_was(store: Store[PostingWork]) -> None:
    entries = [
        entry_of(cause()),
        entry_of(cause(), DONE),
        entry_of(cause(), LATE),
        replace(entry_of(cause()), reply_to=None, traceparent=None),
        replace(entry_of(cause()), reply_to=ReplyAddress(topic=REPLY.topic)),
    ]
    async with store.begin() as transaction:
        for entry in entries:
            transaction.remember(entry)
    ids = [entry.message_id for entry in entries]
    assert await known_in(store, *ids, uuid4()) == dict(zip(ids, entries, strict=True))


async def test_an_entry_belongs_to_its_consumer(store: Store[PostingWork]) -> None:
    envelope = cause()
    async with store.begin() as transaction:
        transaction.remember(replace(entry_of(envelope), consumer="somebody-else"))
    assert await known_in(store, envelope.id) == {}


async def test_purging_the_inbox_spares_what_is_recent_and_what_is_owed(
    store: Store[PostingWork], inbox: Inbox
) -> None:
    event = replace(entry_of(cause()), reply_to=None)
    owed, done = entry_of(cause()), entry_of(cause(), DONE)
    async with store.begin() as transaction:
        for entry in (event, owed, done):
            transaction.remember(entry)
    assert await inbox.purge(before=datetime.now(UTC) - timedelta(minutes=1)) == 0
    assert await inbox.purge(before=datetime.now(UTC) + timedelta(minutes=1)) == 2
    assert list(await known_in(store, event.message_id, owed.message_id, done.message_id)) == [
        owed.message_id
    ]


async def test_the_first_settlement_stands(store: Store[PostingWork], outbox: Outbox) -> None:
    envelope = cause()
    async with store.begin() as transaction:
        transaction.remember(entry_of(envelope))
    for settlement in (DONE, LATE):
        async with store.begin() as transaction:
            await transaction.settle(envelope.id, settlement)
    assert (await known_in(store, envelope.id))[envelope.id].settlement == DONE
    [outcome] = await messages_in(outbox)
    assert (outcome.topic, outcome.partition) == (REPLY.topic, REPLY.partition)


async def test_a_command_can_be_settled_in_the_transaction_that_receives_it(
    store: Store[PostingWork],
) -> None:
    envelope = cause()
    async with store.begin() as transaction:
        transaction.remember(entry_of(envelope))
        async with transaction.work(cause()) as work:
            work.succeed(envelope.id, NoteView(text="done"))
    assert (await known_in(store, envelope.id))[envelope.id].settlement == DONE


async def test_settling_what_was_never_received_does_nothing(
    store: Store[PostingWork], outbox: Outbox
) -> None:
    async with store.begin() as transaction:
        await transaction.settle(uuid4(), DONE)
    assert await messages_in(outbox) == []


async def test_one_parcel_holds_what_one_transaction_says_in_order(
    store: Store[PostingWork], outbox: Outbox
) -> None:
    said = [str(n) for n in range(450)]
    async with store.begin() as transaction:
        for text in said:
            async with transaction.work(cause()) as work:
                work.announce(NoteWritten(note_id=uuid4(), text=text), version=1)
    parcels = await outbox.unsent(100)
    assert [len(parcel.messages) for parcel in parcels] == [200, 200, 50]
    messages = await messages_in(outbox)
    assert [NoteWritten.model_validate_json(m.value).text for m in messages] == said


async def test_a_dead_letter_is_kept_whole_and_published_readable(
    store: Store[PostingWork], outbox: Outbox, letters: DeadLetters
) -> None:
    letter = DeadLetter(
        consumer="notes",
        topic="notes.commands.v1",
        partition=3,
        offset=2**40,
        key=b"\xff",
        value=b"\x00\xfe",
        headers=[("ce_id", b"\xff"), ("ce_type", b"WriteNote")],
        error="broken",
        attempts=3,
    )
    async with store.begin() as transaction:
        transaction.bury(letter)
        transaction.bury(replace(letter, key=None, value=None, headers=[]))
    assert [kept.letter for kept in await letters.newest(2)] == [
        replace(letter, key=None, value=None, headers=[]),
        letter,
    ]
    message = (await messages_in(outbox))[0]
    assert message.topic == "notes.commands.v1.dead"
    assert message.headers["ce_type"] == "WriteNote"
    assert message.headers["dead-offset"] == str(2**40)
    assert message.headers["dead-error"] == "broken"
    assert "ce_id" not in message.headers


async def test_a_commit_wakes_whoever_has_work_now(
    instance: Instance, store: Store[PostingWork]
) -> None:
    woken = asyncio.create_task(instance.delivery.outbox_wake.wait(at_most_s=60))
    async with store.begin() as transaction:
        async with transaction.work(cause()) as work:
            await write(instance, work, "hello")
        await asyncio.sleep(0)
        assert not woken.done()
    await asyncio.wait_for(woken, 1)
