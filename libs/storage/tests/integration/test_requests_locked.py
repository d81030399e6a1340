"""Requests that are answered in the transaction that asks, or while somebody asks again."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from libs.storage.tests.instances import delivery, sql_instance
from sqlalchemy import select

from contracts.ids import new_id
from contracts.ledger import VoidHold
from messaging.envelope import Envelope
from messaging.store import Outbox, Requests, Store
from storage.work import PostingWork

LATER = timedelta(days=1)


def cause() -> Envelope:
    return Envelope(type="PlaceOrder", source="test", subject="1", correlation_id=new_id())


async def ask(store: Store[PostingWork], *command_ids: UUID) -> None:
    async with store.begin() as transaction, transaction.work(cause()) as work:
        for command_id in command_ids:
            work.ask(VoidHold(hold_id=uuid4()), command_id=command_id)


async def due(requests: Requests) -> dict[UUID, int]:
    """How often each has been sent."""
    found = await requests.due(datetime.now(UTC) + LATER, 10)
    return {request.command_id: asked for request, asked in found}


async def commands_in(outbox: Outbox) -> list[str]:
    return [m.headers["ce_id"] for parcel in await outbox.unsent(100) for m in parcel.messages]


async def test_what_is_asked_and_answered_in_one_transaction_is_sent_and_not_asked_again(
    store: Store[PostingWork], requests: Requests, outbox: Outbox
) -> None:
    answered, open_ = uuid4(), uuid4()
    async with store.begin() as transaction:
        async with transaction.work(cause()) as work:
            for command_id in (answered, open_):
                work.ask(VoidHold(hold_id=uuid4()), command_id=command_id)
        async with transaction.work(cause()) as work:
            work.answered(answered)
    assert await due(requests) == {open_: 1}
    assert await commands_in(outbox) == [str(answered), str(open_)]


async def test_a_command_whose_answer_is_being_written_is_passed_over(postgres_url: str) -> None:
    one, other = sql_instance(postgres_url), sql_instance(postgres_url)
    await one.prepare()
    answered, open_ = uuid4(), uuid4()
    await ask(one.delivery.store, answered, open_)
    async with one.delivery.db.write() as connection:
        is_answered = delivery.requests.c.command_id == answered
        await connection.execute(select(delivery.requests).where(is_answered).with_for_update())
        again = dict.fromkeys((answered, open_), datetime.now(UTC))
        await asyncio.wait_for(other.delivery.requests.ask_again(again), 5)
    assert await due(one.delivery.requests) == {answered: 1, open_: 2}
    for instance in (one, other):
        await instance.delivery.close()
