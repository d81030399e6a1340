from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from libs.messaging.tests.notes import PROBLEMS, NoteView, PrintNote, WriteNote
from libs.storage.tests.instances import Instance

from contracts.gateway import Outcome
from messaging.consumer import BatchConsumer
from messaging.dead_letters import DeadLetters, LetterRefused, LetterUnknown
from messaging.durable import RunningJob, Workers
from messaging.envelope import Outgoing
from messaging.store import DeadLetter, Outbox, Store
from messaging.work import Handlers
from storage.work import PostingWork
from testkit.records import LogRecord, delivered, record_of
from testkit.waiting import in_background, until

WRITE = WriteNote(note_id=uuid4(), text="hello")
PRINT = PrintNote(note_id=uuid4())


@dataclass
class Notes:
    """A service whose handlers have a defect until somebody mends it."""

    instance: Instance
    is_mended: bool = False
    written: list[str] = field(default_factory=list)

    async def write(self, command: WriteNote, work: PostingWork) -> NoteView:
        if not self.is_mended:
            raise ZeroDivisionError
        self.written.append(command.text)
        return NoteView(text=command.text)

    async def print(self, command: PrintNote, job: RunningJob[PostingWork]) -> None:
        if not self.is_mended:
            raise ZeroDivisionError
        async with job.finish() as work:
            work.succeed(job.id, NoteView(text="printed"))

    async def consume(self, records: Sequence[LogRecord]) -> None:
        handlers: Handlers = {WriteNote: self.write}
        consumer = BatchConsumer(
            name="notes",
            store=self.instance.delivery.store,
            handlers=handlers,
            slow=frozenset({PrintNote}),
            problems=PROBLEMS,
        )
        await consumer.consume(records)

    def workers(self) -> Workers[PostingWork]:
        return Workers(
            name="notes",
            store=self.instance.delivery.store,
            jobs=self.instance.delivery.jobs,
            handlers={PrintNote: self.print},
            problems=PROBLEMS,
            wake=self.instance.delivery.jobs_wake,
            tries=1,
        )


@pytest.fixture
def service(instance: Instance) -> Notes:
    return Notes(instance)


async def take(outbox: Outbox) -> list[Outgoing]:
    """What a relay would publish now."""
    parcels = await outbox.unsent(1_000)
    await outbox.mark_sent([parcel.id for parcel in parcels], {})
    return [message for parcel in parcels for message in parcel.messages]


def states(messages: list[Outgoing]) -> list[str]:
    outcomes = [m for m in messages if m.headers.get("ce_type") == "Outcome"]
    return [Outcome.model_validate_json(m.value).state for m in outcomes]


async def test_a_command_that_failed_succeeds_when_its_letter_is_redriven(
    service: Notes, letters: DeadLetters, outbox: Outbox
) -> None:
    record = record_of(WRITE)
    await service.consume([record])
    assert states(await take(outbox)) == ["failed"]

    service.is_mended = True
    [id] = await letters.ids()
    await letters.redrive(id)
    [again] = await take(outbox)
    assert delivered(again).value == record.value
    assert delivered(again).headers == record.headers
    await service.consume([delivered(again)])

    assert states(await take(outbox)) == ["succeeded"]
    assert service.written == ["hello"]
    assert await letters.ids() == []
    assert (await letters.get(id)).state == "redriven"


async def test_a_command_that_fails_again_is_a_letter_of_its_own(
    service: Notes, letters: DeadLetters, outbox: Outbox
) -> None:
    await service.consume([record_of(WRITE)])
    await take(outbox)
    [first] = await letters.ids()
    await letters.redrive(first)
    await service.consume([delivered(message) for message in await take(outbox)])
    [second] = await letters.ids()
    assert second != first
    assert [kept.state for kept in await letters.newest(10, everything=True)] == [
        "open",
        "redriven",
    ]


async def test_a_command_that_has_succeeded_meanwhile_is_not_done_twice(
    service: Notes, letters: DeadLetters, outbox: Outbox
) -> None:
    await service.consume([record_of(WRITE)])
    await take(outbox)
    service.is_mended = True
    [id] = await letters.ids()
    for _ in range(2):
        await letters.redrive(id)
        await service.consume([delivered(message) for message in await take(outbox)])
    assert states(await take(outbox)) == ["succeeded"]
    assert service.written == ["hello"]


async def test_a_job_that_failed_is_worked_off_when_its_letter_is_redriven(
    service: Notes, letters: DeadLetters, outbox: Outbox
) -> None:
    async with in_background(service.workers().run()):
        await service.consume([record_of(PRINT)])

        async def has_answered() -> bool:
            return bool(await outbox.unsent(1))

        await until(has_answered)
        assert states(await take(outbox)) == ["failed"]
        [id] = await letters.ids()
        assert (await letters.get(id)).letter.topic == PRINT.topic.name

        service.is_mended = True
        await letters.redrive(id)
        await service.consume([delivered(message) for message in await take(outbox)])

        await until(has_answered)
    assert states(await take(outbox)) == ["succeeded"]


async def test_a_letter_that_is_not_text_stays_open_and_nothing_is_published(
    store: Store[PostingWork], letters: DeadLetters, outbox: Outbox
) -> None:
    await bury(store, b"\xff")
    await take(outbox)
    [id] = await letters.ids()
    with pytest.raises(LetterRefused):
        await letters.redrive(id)
    assert await letters.ids() == [id]
    assert await take(outbox) == []


async def test_a_discarded_letter_is_kept_and_done_with(
    store: Store[PostingWork], letters: DeadLetters
) -> None:
    await bury(store, b"{}")
    [id] = await letters.ids()
    await letters.discard(id)
    assert await letters.ids() == []
    assert await letters.newest(10) == []
    assert (await letters.get(id)).state == "discarded"
    with pytest.raises(LetterRefused):
        await letters.discard(id)
    with pytest.raises(LetterRefused):
        await letters.redrive(id)


async def test_a_letter_comes_back_as_it_was_buried(
    store: Store[PostingWork], letters: DeadLetters
) -> None:
    letter = await bury(store, b"\x00\xfe")
    [kept] = await letters.newest(10)
    assert kept.letter == letter


async def test_the_newest_come_first_and_no_more_than_asked_for(
    store: Store[PostingWork], letters: DeadLetters
) -> None:
    for value in (b"1", b"2", b"3"):
        await bury(store, value)
    assert [kept.letter.value for kept in await letters.newest(2)] == [b"3", b"2"]
    assert await letters.count() == len(await letters.ids()) == 3


async def test_a_letter_that_is_not_there_is_unknown(
    letters: DeadLetters,
) -> None:
    for act in (letters.get, letters.redrive, letters.discard):
        with pytest.raises(LetterUnknown, match="there is no dead letter 7"):
            await act(7)


async def bury(store: Store[PostingWork], value: bytes) -> DeadLetter:
    letter = DeadLetter(
        consumer="notes",
        topic="notes.commands.v1",
        partition=3,
        offset=2**40,
        key=b"\xff" if value == b"\xff" else b"1",
        value=value,
        headers=[("ce_type", b"WriteNote"), ("odd", b"\xff")] if value[0] == 0 else [],
        error="broken",
        attempts=3,
    )
    async with store.begin() as transaction:
        transaction.bury(letter)
    return letter
