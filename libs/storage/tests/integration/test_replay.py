from datetime import UTC, datetime, timedelta

import pytest
from libs.storage.tests.integration.conftest import Store

from messaging.envelope import Outgoing
from storage import replay
from storage.database import Database
from storage.outbox import SqlOutbox
from storage.replay import replay_topic
from storage.tables import DeliveryTables

EVENTS, OUTCOMES = "notes.events.v1", "gateway.outcomes.v1"


async def commit(store: Store, *messages: tuple[str, str]) -> None:
    """One transaction that posts these, each a topic and a value."""
    async with store.begin() as transaction:
        for topic, value in messages:
            transaction.post(Outgoing(topic=topic, key="1", value=value, headers={}))


async def sent(outbox: SqlOutbox) -> list[tuple[str, str]]:
    """What was waiting for the relay, which has it now."""
    parcels = await outbox.unsent(1_000)
    await outbox.mark_sent([parcel.id for parcel in parcels], {})
    return [(message.topic, message.value) for parcel in parcels for message in parcel.messages]


async def test_one_topic_is_published_again_in_order_and_no_other(
    db: Database, tables: DeliveryTables, store: Store, outbox: SqlOutbox
) -> None:
    since = datetime.now(UTC)
    await commit(store, (EVENTS, "1"), (OUTCOMES, "of 1"))
    await commit(store, (EVENTS, "2"))
    await commit(store, (OUTCOMES, "of 3"), (EVENTS, "3"), (EVENTS, "4"))
    await sent(outbox)
    count = await replay_topic(db, tables, EVENTS, since=since, until=datetime.now(UTC))
    assert count == 4
    assert await sent(outbox) == [(EVENTS, value) for value in "1234"]


async def test_only_what_was_committed_in_that_time_is_published_again(
    db: Database, tables: DeliveryTables, store: Store, outbox: SqlOutbox
) -> None:
    await commit(store, (EVENTS, "before"))
    since = datetime.now(UTC)
    await commit(store, (EVENTS, "then"))
    until = datetime.now(UTC)
    await commit(store, (EVENTS, "after"))
    await sent(outbox)
    assert await replay_topic(db, tables, EVENTS, since=since, until=until) == 1
    assert await sent(outbox) == [(EVENTS, "then")]


async def test_what_is_still_unsent_is_left_to_its_turn(
    db: Database, tables: DeliveryTables, store: Store, outbox: SqlOutbox
) -> None:
    await commit(store, (EVENTS, "waiting"))
    now = datetime.now(UTC)
    assert await replay_topic(db, tables, EVENTS, since=now - timedelta(hours=1), until=now) == 0
    assert await sent(outbox) == [(EVENTS, "waiting")]


async def test_a_long_time_is_published_again_page_by_page(
    db: Database,
    tables: DeliveryTables,
    store: Store,
    outbox: SqlOutbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replay, "PAGE", 2)
    since = datetime.now(UTC)
    for value in "12345":
        await commit(store, (EVENTS, value), (OUTCOMES, value))
    await sent(outbox)
    now = datetime.now(UTC)
    assert await replay_topic(db, tables, EVENTS, since=since, until=now) == 5
    assert await sent(outbox) == [(EVENTS, value) for value in "12345"]
