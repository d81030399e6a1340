from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from contracts.ids import new_id
from contracts.ledger import VoidHold
from messaging.envelope import Envelope
from messaging.store import Outbox, Requests, Store, Transaction
from storage.work import PostingWork

SOON = timedelta(seconds=30)


def cause() -> Envelope:
    return Envelope(type="PlaceOrder", source="test", subject="1", correlation_id=new_id())


async def ask(store: Store[PostingWork], command_id: UUID, *, hold_id: UUID | None = None) -> None:
    async with store.begin() as transaction, transaction.work(cause()) as work:
        work.ask(VoidHold(hold_id=hold_id or uuid4()), command_id=command_id)


async def due(requests: Requests, *, limit: int = 10) -> dict[UUID, int]:
    """How often each has been sent, of those that are due soon."""
    found = await requests.due(datetime.now(UTC) + SOON, limit)
    return {request.command_id: asked for request, asked in found}


async def commands_in(outbox: Outbox) -> list[str]:
    return [m.headers["ce_id"] for parcel in await outbox.unsent(100) for m in parcel.messages]


async def test_a_command_is_sent_at_once_and_due_again_only_after_a_pause(
    store: Store[PostingWork], requests: Requests, outbox: Outbox
) -> None:
    command_id = uuid4()
    await ask(store, command_id)
    assert await commands_in(outbox) == [str(command_id)]
    assert await requests.due(datetime.now(UTC), 10) == []
    assert await due(requests) == {command_id: 1}


async def test_asking_again_sends_the_same_message_and_counts(
    store: Store[PostingWork], requests: Requests, outbox: Outbox
) -> None:
    command_id = uuid4()
    await ask(store, command_id)
    await requests.ask_again({command_id: datetime.now(UTC) + 10 * SOON})
    messages = [m for parcel in await outbox.unsent(100) for m in parcel.messages]
    assert len(messages) == 2
    assert messages[0] == messages[1]
    assert await due(requests) == {}
    later = await requests.due(datetime.now(UTC) + 20 * SOON, 10)
    assert [asked for _, asked in later] == [2]


async def test_who_has_waited_longest_is_first_and_no_more_than_asked_for(
    store: Store[PostingWork], requests: Requests
) -> None:
    ids = [uuid4() for _ in range(3)]
    for command_id in ids:
        await ask(store, command_id)
    now = datetime.now(UTC)
    await requests.ask_again(
        {command_id: now - timedelta(seconds=n) for n, command_id in enumerate(ids)}
    )
    assert list(await due(requests, limit=2)) == [ids[2], ids[1]]


async def test_an_answer_ends_the_asking_and_may_come_twice(
    store: Store[PostingWork], requests: Requests, outbox: Outbox
) -> None:
    command_id = uuid4()
    await ask(store, command_id)
    for _ in range(2):
        async with store.begin() as transaction, transaction.work(cause()) as work:
            work.answered(command_id)
    assert await due(requests) == {}
    before = await commands_in(outbox)
    await requests.ask_again({command_id: datetime.now(UTC)})
    assert await commands_in(outbox) == before


async def test_asking_for_the_same_command_twice_waits_once(
    store: Store[PostingWork], requests: Requests
) -> None:
    command_id, hold_id = uuid4(), uuid4()
    await ask(store, command_id, hold_id=hold_id)
    await ask(store, command_id, hold_id=hold_id)
    assert await due(requests) == {command_id: 1}


async def test_a_unit_of_work_that_fails_asks_nobody(
    store: Store[PostingWork], requests: Requests
) -> None:
    async def ask_and_fail(transaction: Transaction[PostingWork]) -> None:
        async with transaction.work(cause()) as work:
            work.ask(VoidHold(hold_id=uuid4()), command_id=uuid4())
            raise ZeroDivisionError

    async with store.begin() as transaction:
        with pytest.raises(ZeroDivisionError):
            await ask_and_fail(transaction)
    assert await due(requests) == {}
