from datetime import UTC, datetime, timedelta
from uuid import uuid4

from libs.messaging.tests.notes import NoteWritten
from libs.storage.tests.instances import Instance, a_moment

from contracts.ids import new_id
from messaging.envelope import Envelope
from messaging.store import LogEnd, Outbox, Store
from storage.work import PostingWork

PLACE = ("notes.events.v1", 2)


async def say(store: Store[PostingWork], *texts: str) -> None:
    """Each in a transaction of its own."""
    for text in texts:
        cause = Envelope(type="WriteNote", source="test", subject="1", correlation_id=new_id())
        async with store.begin() as transaction, transaction.work(cause) as work:
            work.announce(NoteWritten(note_id=uuid4(), text=text), version=1)


async def unsent(outbox: Outbox, limit: int = 100) -> dict[str, int]:
    return {
        NoteWritten.model_validate_json(parcel.messages[0].value).text: parcel.id
        for parcel in await outbox.unsent(limit)
    }


async def send(outbox: Outbox, *texts: str) -> None:
    ids = await unsent(outbox)
    await outbox.mark_sent([ids[text] for text in texts], {})


def ago(**time: float) -> datetime:
    return datetime.now(UTC) - timedelta(**time)


async def test_the_oldest_come_first_and_no_more_than_asked_for(
    store: Store[PostingWork], outbox: Outbox
) -> None:
    await say(store, "a", "b", "c")
    assert list(await unsent(outbox)) == ["a", "b", "c"]
    assert list(await unsent(outbox, limit=2)) == ["a", "b"]


async def test_what_is_sent_does_not_come_again_whatever_the_order(
    store: Store[PostingWork], outbox: Outbox
) -> None:
    await say(store, "a", "b", "c")
    await send(outbox, "b")
    assert list(await unsent(outbox)) == ["a", "c"]


async def test_the_ends_of_the_log_are_remembered_and_replaced(outbox: Outbox) -> None:
    far = LogEnd(next_offset=2**40, message_id="c")
    await outbox.mark_sent([], {PLACE: LogEnd(next_offset=5, message_id="a"), ("other", 0): far})
    later = LogEnd(next_offset=7, message_id="b")
    await outbox.mark_sent([], {PLACE: later})
    assert await outbox.log_ends() == {PLACE: later, ("other", 0): far}


async def test_sending_again_covers_the_time_that_was_asked_for_and_forgets_the_log(
    store: Store[PostingWork], outbox: Outbox
) -> None:
    await say(store, "a")
    between = await a_moment()
    await say(store, "b")
    await send(outbox, "a", "b")
    await outbox.mark_sent([], {PLACE: LogEnd(next_offset=5, message_id="a")})
    assert await outbox.resend(since=ago(hours=1), until=between) == 1
    assert list(await unsent(outbox)) == ["a"]
    assert await outbox.log_ends() == {}
    assert await outbox.resend(since=between) == 1
    assert list(await unsent(outbox)) == ["a", "b"]


async def test_purging_spares_what_is_not_sent_and_what_was_sent_lately(
    store: Store[PostingWork], outbox: Outbox
) -> None:
    await say(store, "sent", "waiting")
    await send(outbox, "sent")
    assert await outbox.purge(before=ago(minutes=1)) == 0
    assert await outbox.purge(before=ago(minutes=-1)) == 1
    assert list(await unsent(outbox)) == ["waiting"]
    assert await outbox.resend(since=ago(hours=1)) == 1


async def test_one_relay_leads_and_keeps_the_lead(outbox: Outbox, other: Instance) -> None:
    assert await outbox.lead("first", lease_s=60)
    assert not await other.delivery.outbox.lead("second", lease_s=60)
    assert await outbox.lead("first", lease_s=60)


async def test_the_lead_passes_on_when_its_lease_has_run_out(
    outbox: Outbox, other: Instance
) -> None:
    assert await outbox.lead("first", lease_s=-1)
    assert await other.delivery.outbox.lead("second", lease_s=60)
    assert not await outbox.lead("first", lease_s=60)


async def test_what_two_instances_commit_comes_in_the_order_of_the_outbox_to_either(
    instance: Instance, other: Instance
) -> None:
    for one, text in ((instance, "a"), (other, "b"), (instance, "c"), (other, "d")):
        await say(one.delivery.store, text)
    for one in (instance, other):
        assert list(await unsent(one.delivery.outbox)) == ["a", "b", "c", "d"]
    await send(other.delivery.outbox, "a", "d")
    assert list(await unsent(instance.delivery.outbox)) == ["b", "c"]


async def test_what_was_sent_and_is_wanted_again_is_whole(
    store: Store[PostingWork], outbox: Outbox
) -> None:
    start = await a_moment()
    await say(store, "a", "b")
    await send(outbox, "a", "b")
    await outbox.resend(since=start)
    assert list(await unsent(outbox)) == ["a", "b"]
