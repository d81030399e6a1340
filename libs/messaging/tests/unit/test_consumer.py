from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from libs.messaging.tests.memory_store import MemoryStore
from libs.messaging.tests.notes import (
    HANDLERS,
    PROBLEMS,
    NoteView,
    NoteWritten,
    PrintNote,
    StoreAway,
    WriteNote,
)

from contracts.gateway import Outcome
from messaging.consumer import BatchConsumer, TooManyDeadLetters
from messaging.envelope import Outgoing, ReplyAddress
from messaging.work import Handlers, JsonText, Settlement
from testkit.records import LogRecord, record_of
from testkit.workbench import outcomes_of
from testkit.works import RecordingWork


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def consumer_on(store: MemoryStore, **options: Any) -> BatchConsumer[RecordingWork]:
    handlers: Handlers = HANDLERS
    defaults = {"name": "notes", "handlers": handlers, "problems": PROBLEMS}
    return BatchConsumer(store=store, **defaults | options)


def write(text: str, **record: Any) -> LogRecord:
    return record_of(WriteNote(note_id=uuid4(), text=text), **record)


def outcome_of(store: MemoryStore, command_id: UUID) -> Outcome:
    return outcomes_of(store.outbox)[command_id]


def state_of(store: MemoryStore, command_id: UUID) -> str:
    return outcome_of(store, command_id).state


def counting(handler: Callable[..., Awaitable[Any]]) -> tuple[Handlers, list[str]]:
    seen: list[str] = []

    async def counted(command: WriteNote, work: RecordingWork) -> Any:
        seen.append(command.text)
        return await handler(command, work)

    return {WriteNote: counted}, seen


async def test_a_command_ends_in_its_events_and_one_outcome(store: MemoryStore) -> None:
    command_id = uuid4()
    await consumer_on(store).consume([write("hello", id=command_id)])
    assert store.types() == ["NoteWritten", "Outcome"]
    outcome = outcome_of(store, command_id)
    assert (outcome.state, outcome.command) == ("succeeded", "WriteNote")
    assert outcome.result == {"text": "hello"}


async def test_a_result_that_is_json_already_is_sent_as_it_is(store: MemoryStore) -> None:
    async def handle(_command: WriteNote, _work: RecordingWork) -> JsonText:
        return JsonText(text='{"text":"grüße","n":[1,null]}')

    command_id = uuid4()
    await consumer_on(store, handlers={WriteNote: handle}).consume([write("x", id=command_id)])
    assert '"result":{"text":"grüße","n":[1,null]}' in store.outbox[-1].value
    assert outcome_of(store, command_id).result == {"text": "grüße", "n": [1, None]}


async def test_the_store_hears_once_what_is_about_to_be_handled(store: MemoryStore) -> None:
    consumer = consumer_on(store, slow=frozenset({PrintNote}))
    first, slow = WriteNote(note_id=uuid4(), text="one"), PrintNote(note_id=uuid4())
    second = WriteNote(note_id=uuid4(), text="two")
    record = record_of(second)
    broken = record_of(second, value=b"{")
    await consumer.consume([record_of(first), record_of(slow), broken, record, record])
    assert store.expected == [[first, second, second]]


async def test_an_outcome_goes_to_the_partition_that_asked(store: MemoryStore) -> None:
    address = ReplyAddress(topic="gateway.outcomes.v1", partition=3)
    await consumer_on(store).consume([write("hello", reply_to=address)])
    assert (store.outbox[-1].topic, store.outbox[-1].partition) == (address.topic, 3)


async def test_an_event_that_is_caused_belongs_to_the_same_chain(store: MemoryStore) -> None:
    record = write("hello", actor="ada", traceparent="00-ab-cd-01")
    await consumer_on(store).consume([record])
    given = dict(record.headers)
    for message in store.outbox:
        assert message.headers["ce_correlationid"].encode() == given["ce_correlationid"]
        assert message.headers["ce_causationid"].encode() == given["ce_id"]
        assert message.headers["traceparent"] == "00-ab-cd-01"
    assert store.outbox[0].headers["ce_actor"] == "ada"


async def test_nobody_who_asked_means_no_outcome(store: MemoryStore) -> None:
    await consumer_on(store).consume([write("hello", reply_to=None)])
    assert store.types() == ["NoteWritten"]


async def test_a_duplicate_replays_the_stored_outcome_and_is_not_handled_again(
    store: MemoryStore,
) -> None:
    handlers, seen = counting(HANDLERS[WriteNote])
    consumer = consumer_on(store, handlers=handlers)
    record = write("hello")
    await consumer.consume([record])
    first: Outgoing = store.outbox[-1]
    await consumer.consume([record])
    assert seen == ["hello"]
    assert store.types() == ["NoteWritten", "Outcome", "Outcome"]
    again = store.outbox[-1]
    assert again.value == first.value
    assert again.headers["ce_id"] == first.headers["ce_id"]


async def test_a_duplicate_is_answered_where_it_was_asked_the_last_time(store: MemoryStore) -> None:
    consumer = consumer_on(store)
    command, command_id = WriteNote(note_id=uuid4(), text="hello"), uuid4()
    await consumer.consume([record_of(command, id=command_id)])
    moved = ReplyAddress(topic="gateway.outcomes.v1", partition=2)
    await consumer.consume([record_of(command, id=command_id, reply_to=moved)])
    assert store.outbox[-1].partition == 2


async def test_a_duplicate_inside_one_batch_is_handled_once(store: MemoryStore) -> None:
    handlers, seen = counting(HANDLERS[WriteNote])
    record = write("hello")
    await consumer_on(store, handlers=handlers).consume([record, write("other"), record])
    assert seen == ["hello", "other"]


async def test_a_duplicate_of_a_refused_command_is_refused_again_and_not_tried(
    store: MemoryStore,
) -> None:
    handlers, seen = counting(HANDLERS[WriteNote])
    consumer = consumer_on(store, handlers=handlers)
    record = write("rude")
    await consumer.consume([record])
    await consumer.consume([record])
    assert seen == ["rude"]
    assert store.outbox[0].value == store.outbox[1].value


async def test_the_same_id_with_another_body_is_refused_and_the_first_outcome_stands(
    store: MemoryStore,
) -> None:
    consumer, command_id = consumer_on(store), uuid4()
    original = write("hello", id=command_id)
    await consumer.consume([original])
    await consumer.consume([write("another", id=command_id)])
    refusal = outcome_of(store, command_id)
    assert refusal.problem is not None
    assert refusal.problem.type == "/problems/command-id-reused"
    assert store.types().count("NoteWritten") == 1
    assert store.outbox[1].headers["ce_id"] != store.outbox[2].headers["ce_id"]
    await consumer.consume([original])
    assert state_of(store, command_id) == "succeeded"


async def test_a_refusal_says_why_announces_nothing_and_spoils_no_other_command(
    store: MemoryStore,
) -> None:
    ids = [uuid4() for _ in range(3)]
    texts = ["hello", "rude", "goodbye"]
    await consumer_on(store).consume(
        [write(text, id=command_id) for text, command_id in zip(texts, ids, strict=True)]
    )
    assert [state_of(store, command_id) for command_id in ids] == [
        "succeeded",
        "refused",
        "succeeded",
    ]
    problem = outcome_of(store, ids[1]).problem
    assert problem is not None
    assert (problem.status, problem.detail) == (422, "mind your language")
    assert problem.model_extra == {"word": "rude"}
    assert store.types().count("NoteWritten") == 2
    assert store.letters == []


async def test_a_defect_is_tried_buried_and_answered_and_the_batch_goes_on(
    store: MemoryStore,
) -> None:
    handlers, seen = counting(HANDLERS[WriteNote])
    bad, good = uuid4(), uuid4()
    broken = write("defect", id=bad)
    await consumer_on(store, handlers=handlers, tries=3).consume([broken, write("ok", id=good)])
    assert seen == ["defect"] * 3 + ["ok"]
    [letter] = store.letters
    assert (letter.topic, letter.offset, letter.attempts) == (broken.topic, broken.offset, 3)
    assert (letter.value, letter.headers) == (broken.value, broken.headers)
    assert "ZeroDivisionError" in letter.error
    assert (state_of(store, bad), state_of(store, good)) == ("failed", "succeeded")
    failure = outcome_of(store, bad).problem
    assert failure is not None
    assert "programmer" not in failure.model_dump_json()


async def test_a_duplicate_of_a_command_that_has_failed_is_answered_and_not_tried_again(
    store: MemoryStore,
) -> None:
    handlers, seen = counting(HANDLERS[WriteNote])
    consumer = consumer_on(store, handlers=handlers, tries=1)
    command_id = uuid4()
    record = write("defect", id=command_id)
    await consumer.consume([record, record])
    await consumer.consume([record])
    assert seen == ["defect"]
    assert len(store.letters) == 1
    assert store.types() == ["Outcome"] * 3
    assert state_of(store, command_id) == "failed"


async def test_a_defect_that_goes_away_on_another_try_is_none(store: MemoryStore) -> None:
    seen: list[str] = []

    async def shaky(command: WriteNote, work: RecordingWork) -> NoteView:
        work.announce(NoteWritten(note_id=command.note_id, text=command.text), version=1)
        seen.append(command.text)
        if len(seen) < 3:
            raise RuntimeError("not yet")
        return NoteView(text=command.text)

    command_id = uuid4()
    await consumer_on(store, handlers={WriteNote: shaky}).consume([write("hello", id=command_id)])
    assert state_of(store, command_id) == "succeeded"
    assert store.types() == ["NoteWritten", "Outcome"]


async def test_a_store_that_goes_away_stops_the_batch_and_nothing_of_it_has_happened(
    store: MemoryStore,
) -> None:
    with pytest.raises(StoreAway):
        await consumer_on(store).consume([write("hello"), write("away")])
    assert (store.commits, store.outbox, store.inbox) == (0, [], {})


async def test_a_store_that_is_away_from_the_start_loses_nothing_either(store: MemoryStore) -> None:
    consumer, record = consumer_on(store), write("hello")
    store.is_away = True
    with pytest.raises(StoreAway):
        await consumer.consume([record])
    store.is_away = False
    await consumer.consume([record])
    assert store.types() == ["NoteWritten", "Outcome"]


async def test_a_deferred_command_is_answered_when_it_is_settled_and_only_once(
    store: MemoryStore,
) -> None:
    async def settle(event: NoteWritten, work: RecordingWork) -> None:
        work.succeed(UUID(event.text), NoteView(text="printed"))
        work.succeed(UUID(event.text), NoteView(text="printed twice"))

    consumer = consumer_on(store, handlers={**HANDLERS, NoteWritten: settle})
    command_id = uuid4()
    await consumer.consume([record_of(PrintNote(note_id=uuid4()), id=command_id)])
    assert store.outbox == []
    for _ in range(2):
        event = NoteWritten(note_id=uuid4(), text=str(command_id))
        await consumer.consume([record_of(event, reply_to=None)])
    assert store.types() == ["Outcome"]
    assert outcome_of(store, command_id).result == {"text": "printed"}


async def test_a_duplicate_of_a_command_that_is_not_settled_yet_waits_with_it(
    store: MemoryStore,
) -> None:
    consumer, command_id = consumer_on(store), uuid4()
    record = record_of(PrintNote(note_id=uuid4()), id=command_id)
    await consumer.consume([record])
    await consumer.consume([record])
    assert store.outbox == []
    async with store.begin() as transaction:
        await transaction.settle(command_id, Settlement.succeeded(None))
    assert state_of(store, command_id) == "succeeded"


async def test_a_slow_command_goes_to_the_durable_inbox_and_is_not_answered_yet(
    store: MemoryStore,
) -> None:
    consumer = consumer_on(store, slow=frozenset({PrintNote}))
    command, command_id = PrintNote(note_id=uuid4()), uuid4()
    record = record_of(command, id=command_id)
    await consumer.consume([record, record])
    await consumer.consume([record])
    assert store.outbox == []
    [job] = store.jobs.values()
    assert (job.id, job.key) == (command_id, str(command.note_id))
    assert PrintNote.model_validate_json(job.value) == command


async def test_an_unreadable_record_is_buried_and_the_batch_goes_on(store: MemoryStore) -> None:
    broken = write("hello")
    broken.headers = [("ce_id", b"\xff")]
    good = uuid4()
    await consumer_on(store).consume([broken, write("hello", id=good)])
    assert [letter.offset for letter in store.letters] == [broken.offset]
    assert state_of(store, good) == "succeeded"


async def test_a_command_with_an_unreadable_body_has_failed(store: MemoryStore) -> None:
    command_id = uuid4()
    await consumer_on(store).consume([write("", id=command_id, value=b"{")])
    assert state_of(store, command_id) == "failed"
    assert len(store.letters) == 1


async def test_a_command_that_nobody_knows_has_failed_and_an_event_is_passed_over(
    store: MemoryStore,
) -> None:
    consumer = consumer_on(store, handlers={PrintNote: HANDLERS[PrintNote]})
    command_id = uuid4()
    await consumer.consume([record_of(NoteWritten(note_id=uuid4(), text="x"))])
    assert store.letters == []
    await consumer.consume([write("hello", id=command_id)])
    assert state_of(store, command_id) == "failed"


async def test_a_run_of_dead_letters_stops_the_consumer_before_it_empties_the_topic(
    store: MemoryStore,
) -> None:
    consumer = consumer_on(store, dead_letter_limit=3, tries=1)
    await consumer.consume([write("defect"), write("defect")])
    with pytest.raises(TooManyDeadLetters):
        await consumer.consume([write("defect")])
    assert len(store.letters) == 2


async def test_a_sound_record_between_them_ends_a_run_of_dead_letters(store: MemoryStore) -> None:
    consumer = consumer_on(store, dead_letter_limit=3, tries=1)
    for text in ("defect", "defect", "fine", "defect", "defect"):
        await consumer.consume([write(text)])
    assert len(store.letters) == 4


async def test_a_run_of_dead_letters_is_noticed_though_a_good_record_follows_it(
    store: MemoryStore,
) -> None:
    consumer = consumer_on(store, dead_letter_limit=3, tries=1)
    with pytest.raises(TooManyDeadLetters, match=r"notes\.commands\.v1"):
        await consumer.consume([write("defect"), write("defect"), write("defect"), write("fine")])
    assert store.commits == 0


async def test_without_a_limit_every_record_that_fails_is_kept(store: MemoryStore) -> None:
    consumer = consumer_on(store, dead_letter_limit=0, tries=1)
    await consumer.consume([write("defect") for _ in range(30)])
    assert len(store.letters) == 30
