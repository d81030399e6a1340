"""A store may handle the first of many messages by itself; the rest goes to their handlers."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest
from libs.messaging.tests.memory_store import MemoryStore, MemoryTransaction
from libs.messaging.tests.notes import HANDLERS, PROBLEMS, NoteWritten, WriteNote

from contracts.gateway import Outcome
from messaging.consumer import BatchConsumer
from messaging.inbox import InboxEntry
from messaging.records import Received
from messaging.work import JsonText, Settlement
from testkit.records import LogRecord, record_of
from testkit.works import RecordingWork


class TakingTransaction(MemoryTransaction):
    """It takes notes up to the first whose text is rude, and says `taken` of each."""

    takes = frozenset({WriteNote})

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store)
        self.taken: set[UUID] = set()

    def take(self, items: Sequence[Received]) -> int:
        for count, item in enumerate(items):
            assert isinstance(item.message, WriteNote), "nothing else is offered"
            if item.message.text == "rude":
                return count
            assert item.message.text != "bomb", "a defect"
            assert item.envelope.id not in self.taken, "each id is offered once"
            self.taken.add(item.envelope.id)
            settlement = Settlement.succeeded(JsonText(text='{"text":"taken"}'))
            value = item.record.value or b""
            self.remember(InboxEntry.received("notes", item.envelope, value, settlement))
        return len(items)

    def recall(self, id: UUID) -> InboxEntry:
        return self.inbox[id]


class TakingStore(MemoryStore):
    @asynccontextmanager
    async def begin(self) -> AsyncIterator[MemoryTransaction]:
        transaction = TakingTransaction(self)
        yield transaction
        self.inbox, self.outbox = transaction.inbox, transaction.outbox
        self.letters = transaction.letters


def write(text: str, *, id: UUID | None = None) -> LogRecord:
    return record_of(WriteNote(note_id=uuid4(), text=text), id=id)


def consumer_on(store: TakingStore) -> BatchConsumer[RecordingWork]:
    return BatchConsumer(name="notes", store=store, handlers=HANDLERS, problems=PROBLEMS)


async def outcomes(*records: LogRecord) -> list[Outcome]:
    """In the order of the outbox, of a batch in a new store."""
    store = TakingStore()
    await consumer_on(store).consume(records)
    return outcomes_in(store)


def outcomes_in(store: TakingStore) -> list[Outcome]:
    return [
        Outcome.model_validate_json(message.value)
        for message in store.outbox
        if message.headers["ce_type"] == "Outcome"
    ]


def said(some: list[Outcome]) -> list[str]:
    return [one.result["text"] if one.result else one.state for one in some]


async def test_what_the_store_does_not_take_goes_to_its_handler_and_order_is_kept() -> None:
    texts = ["a", "b", "rude", "c", "d"]
    assert said(await outcomes(*map(write, texts))) == [*["taken"] * 2, "refused", *["taken"] * 2]


async def test_a_lone_message_goes_to_its_handler() -> None:
    assert said(await outcomes(write("a"))) == ["a"]


async def test_only_sound_messages_of_the_kinds_it_takes_are_offered_to_a_store() -> None:
    broken = record_of(WriteNote(note_id=uuid4(), text="x"), value=b"{")
    unknown = record_of(NoteWritten(note_id=uuid4(), text="x"))
    records = [write("a"), write("b"), broken, unknown, write("c"), write("d")]
    states = said(await outcomes(*records))
    assert states == ["taken", "taken", "failed", "taken", "taken"]


async def test_what_was_taken_is_known_when_it_comes_again_in_the_batch() -> None:
    id_ = uuid4()
    note = write("a", id=id_)
    other_body = write("another", id=id_)
    first, _second, again, reused, last, _end = await outcomes(
        note, write("b"), note, other_body, write("c"), write("d")
    )
    assert said([first, again, last]) == ["taken"] * 3
    assert (first.command_id, again.command_id) == (id_, id_)
    assert reused.state == "refused"
    assert reused.problem is not None
    assert reused.problem.type == "/problems/command-id-reused"


async def test_one_id_is_offered_once() -> None:
    note = write("a")
    answers = await outcomes(note, write("b"), note, write("c"), write("d"))
    assert said(answers) == ["taken"] * 5
    assert len({one.command_id for one in answers}) == 4


async def test_after_a_defect_of_the_store_its_messages_go_to_their_handlers_once() -> None:
    store = TakingStore()
    consumer = consumer_on(store)
    records = [write("a"), write("bomb"), write("b")]
    with pytest.raises(AssertionError):
        await consumer.consume(records)
    assert store.outbox == []
    await consumer.consume(records)
    assert said(outcomes_in(store)) == ["a", "bomb", "b"]
    await consumer.consume([write("c"), write("d")])
    assert said(outcomes_in(store)[3:]) == ["taken", "taken"]


async def test_what_is_taken_ends_a_row_of_dead_letters() -> None:
    store = TakingStore()
    consumer = consumer_on(store)
    consumer.dead_letter_limit = 2
    broken = [record_of(WriteNote(note_id=uuid4(), text="x"), value=b"{") for _ in range(2)]
    await consumer.consume([broken[0], write("a"), write("b"), broken[1]])
    assert len(store.letters) == 2
