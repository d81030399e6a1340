from datetime import UTC, datetime, timedelta
from uuid import uuid4

from libs.messaging.tests.notes import NoteWritten
from libs.storage.tests.integration.conftest import Store

from contracts.ids import new_id
from messaging.envelope import Envelope
from storage.database import Database
from storage.outbox import SqlOutbox
from storage.tables import DeliveryTables

PLACE = ("notes.events.v1", 2)


async def say(store: Store, *texts: str) -> None:
    """Each in a transaction of its own."""
    for text in texts:
        cause = Envelope(type="WriteNote", source="test", subject="1", correlation_id=new_id())
        async with store.begin() as transaction, transaction.work(cause) as work:
            work.announce(NoteWritten(note_id=uuid4(), text=text), version=1)


async def unsent(outbox: SqlOutbox, limit: int = 100) -> dict[str, int]:
    return {
        NoteWritten.model_validate_json(parcel.messages[0].value).text: parcel.id
        for parcel in await outbox.unsent(limit)
    }


async def send(outbox: SqlOutbox, *texts: str) -> None:
    ids = await unsent(outbox)
    await outbox.mark_sent([ids[text] for text in texts], {})


def ago(**time: float) -> datetime:
    return datetime.now(UTC) - timedelta(**time)


async def test_the_oldest_come_first_and_no_more_than_asked_for(
    store: Store, outbox: SqlOutbox
) -> None:
    await say(store, "a", "b", "c")
    assert list(await unsent(outbox)) == ["a", "b", "c"]
    assert list(await unsent(outbox, limit=2)) == ["a", "b"]


async def test_what_is_sent_does_not_come_again_whatever_the_order(
    store: Store, outbox: SqlOutbox
) -> None:
    await say(store, "a", "b", "c")
    await send(outbox, "b")
    assert list(await unsent(outbox)) == ["a", "c"]


async def test_the_ends_of_the_log_are_remembered_and_replaced(outbox: SqlOutbox) -> None:
    await outbox.mark_sent([], {PLACE: 5, ("other", 0): 2**40})
    await outbox.mark_sent([], {PLACE: 7})
    assert await outbox.log_ends() == {PLACE: 7, ("other", 0): 2**40}


async def test_sending_again_covers_the_time_that_was_asked_for_and_forgets_the_log(
    store: Store, outbox: SqlOutbox
) -> None:
    await say(store, "a")
    between = datetime.now(UTC)
    await say(store, "b")
    await send(outbox, "a", "b")
    await outbox.mark_sent([], {PLACE: 5})
    assert await outbox.resend(since=ago(hours=1), until=between) == 1
    assert list(await unsent(outbox)) == ["a"]
    assert await outbox.log_ends() == {}
    assert await outbox.resend(since=between) == 1
    assert list(await unsent(outbox)) == ["a", "b"]


async def test_purging_spares_what_is_not_sent_and_what_was_sent_lately(
    store: Store, outbox: SqlOutbox
) -> None:
    await say(store, "sent", "waiting")
    await send(outbox, "sent")
    assert await outbox.purge(before=ago(minutes=1)) == 0
    assert await outbox.purge(before=ago(minutes=-1)) == 1
    assert list(await unsent(outbox)) == ["waiting"]
    assert await outbox.resend(since=ago(hours=1)) == 1


async def test_one_relay_leads_and_keeps_the_lead(
    outbox: SqlOutbox, other_db: Database, tables: DeliveryTables
) -> None:
    other = SqlOutbox(other_db, tables)
    assert await outbox.lead("first", lease_s=60)
    assert not await other.lead("second", lease_s=60)
    assert await outbox.lead("first", lease_s=60)


async def test_the_lead_passes_on_when_its_lease_has_run_out(
    outbox: SqlOutbox, other_db: Database, tables: DeliveryTables
) -> None:
    other = SqlOutbox(other_db, tables)
    assert await outbox.lead("first", lease_s=-1)
    assert await other.lead("second", lease_s=60)
    assert not await outbox.lead("first", lease_s=60)
