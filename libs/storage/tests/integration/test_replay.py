from datetime import timedelta

import pytest
from libs.storage.tests.instances import Instance, a_moment

from messaging.envelope import Outgoing
from messaging.store import Outbox, Store
from storage import replay
from storage.mongo import replay as mongo_replay
from storage.work import PostingWork

EVENTS, OUTCOMES = "notes.events.v1", "gateway.outcomes.v1"


async def commit(store: Store[PostingWork], *messages: tuple[str, str]) -> None:
    """One transaction that posts these, each a topic and a value."""
    async with store.begin() as transaction:
        for topic, value in messages:
            transaction.post(Outgoing(topic=topic, key="1", value=value, headers={}))


async def sent(outbox: Outbox) -> list[tuple[str, str]]:
    """What was waiting for the relay, which has it now."""
    parcels = await outbox.unsent(1_000)
    await outbox.mark_sent([parcel.id for parcel in parcels], {})
    return [(message.topic, message.value) for parcel in parcels for message in parcel.messages]


async def test_one_topic_is_published_again_in_order_and_no_other(
    instance: Instance, store: Store[PostingWork], outbox: Outbox
) -> None:
    since = await a_moment()
    await commit(store, (EVENTS, "1"), (OUTCOMES, "of 1"))
    await commit(store, (EVENTS, "2"))
    await commit(store, (OUTCOMES, "of 3"), (EVENTS, "3"), (EVENTS, "4"))
    await sent(outbox)
    count = await instance.delivery.replay(EVENTS, since=since, until=await a_moment())
    assert count == 4
    assert await sent(outbox) == [(EVENTS, value) for value in "1234"]


async def test_only_what_was_committed_in_that_time_is_published_again(
    instance: Instance, store: Store[PostingWork], outbox: Outbox
) -> None:
    await commit(store, (EVENTS, "before"))
    since = await a_moment()
    await commit(store, (EVENTS, "then"))
    until = await a_moment()
    await commit(store, (EVENTS, "after"))
    await sent(outbox)
    assert await instance.delivery.replay(EVENTS, since=since, until=until) == 1
    assert await sent(outbox) == [(EVENTS, "then")]


async def test_what_is_still_unsent_is_left_to_its_turn(
    instance: Instance, store: Store[PostingWork], outbox: Outbox
) -> None:
    await commit(store, (EVENTS, "waiting"))
    now = await a_moment()
    assert await instance.delivery.replay(EVENTS, since=now - timedelta(hours=1), until=now) == 0
    assert await sent(outbox) == [(EVENTS, "waiting")]


async def test_a_long_time_is_published_again_page_by_page(
    instance: Instance,
    store: Store[PostingWork],
    outbox: Outbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (replay, mongo_replay):
        monkeypatch.setattr(module, "PAGE", 2)
    since = await a_moment()
    for value in "12345":
        await commit(store, (EVENTS, value), (OUTCOMES, value))
    await sent(outbox)
    now = await a_moment()
    assert await instance.delivery.replay(EVENTS, since=since, until=now) == 5
    assert await sent(outbox) == [(EVENTS, value) for value in "12345"]
