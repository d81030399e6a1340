import asyncio
from uuid import UUID, uuid4

import pytest
from libs.messaging.tests.memory_store import MemoryStore
from libs.messaging.tests.notes import NoteWritten

from messaging import projection
from messaging.consumer import BatchConsumer
from messaging.projection import Gap, Projection, Snapshot
from testkit.records import LogRecord, record_of
from testkit.waiting import until
from testkit.works import RecordingWork

NOTE = uuid4()


class Texts:
    """See messaging.projection.Copies: the texts of notes, and what was done to them."""

    def __init__(self) -> None:
        self.versions: dict[str, int] = {}
        self.texts: dict[str, str | None] = {}

    async def version(self, aggregate_id: str, work: RecordingWork) -> int:
        return self.versions.get(aggregate_id, 0)

    async def apply(self, event: NoteWritten, version: int, work: RecordingWork) -> None:
        self._write(event.aggregate_id, version, event.text)

    async def replace(self, snapshot: Snapshot, work: RecordingWork) -> None:
        self._write(snapshot.aggregate_id, snapshot.version, snapshot.state)

    def _write(self, note_id: str, version: int, text: str | None) -> None:
        self.versions[note_id], self.texts[note_id] = version, text


class Owner:
    """Answers with what it has, or with its error."""

    def __init__(self) -> None:
        self.notes: dict[str, tuple[int, str | None]] = {}
        self.error: Exception | None = None
        self.answers = asyncio.Event()
        self.answers.set()
        self.asked = 0

    async def fetch(self, aggregate_id: str, /, *, at_least: int) -> Snapshot:
        self.asked += 1
        await self.answers.wait()
        if self.error:
            raise self.error
        version, text = self.notes[aggregate_id]
        return Snapshot(aggregate_id=aggregate_id, version=version, state=text)


class Reader:
    """A service that keeps copies of notes."""

    def __init__(self) -> None:
        self.owner, self.copies, self.store = Owner(), Texts(), MemoryStore("reader")
        kept: Projection[RecordingWork] = Projection(self.copies, self.owner.fetch)
        self._consumer = BatchConsumer(
            name="reader",
            store=self.store,
            handlers=kept.handlers(NoteWritten),
            problems={},
        )

    async def take(self, *records: LogRecord) -> None:
        await self._consumer.consume(records)

    async def take_when_it_can(self, *records: LogRecord) -> None:
        """As a subscription does: again and again."""

        async def is_taken() -> bool:
            try:
                await self.take(*records)
            except Gap:
                return False
            return True

        await until(is_taken)

    def copy(self, note_id: UUID = NOTE) -> tuple[int, str | None]:
        key = str(note_id)
        return self.copies.versions.get(key, 0), self.copies.texts.get(key)


@pytest.fixture
def reader() -> Reader:
    return Reader()


def written(text: str, sequence: int | None, note_id: UUID = NOTE) -> LogRecord:
    return record_of(NoteWritten(note_id=note_id, text=text), sequence=sequence, reply_to=None)


async def test_each_version_is_applied_in_turn_and_nobody_is_asked(reader: Reader) -> None:
    await reader.take(written("a", 1), written("b", 2))
    await reader.take(written("c", 3))
    assert reader.copy() == (3, "c")
    assert reader.owner.asked == 0


async def test_what_is_older_than_the_copy_is_left_alone(reader: Reader) -> None:
    await reader.take(written("a", 1), written("b", 2))
    await reader.take(written("a", 1), written("again", 2))
    assert reader.copy() == (2, "b")


async def test_a_gap_stops_the_batch_and_the_copy_goes_on_from_what_the_owner_says(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projection, "ASK_WITHIN_S", 0.01)
    reader.owner.notes[str(NOTE)] = (4, "d")
    reader.owner.answers.clear()
    await reader.take(written("a", 1))
    for _ in range(2):
        with pytest.raises(Gap):
            await reader.take(written("c", 3))
    assert reader.store.commits == 1
    reader.owner.answers.set()
    await reader.take_when_it_can(written("c", 3), written("d", 4), written("e", 5))
    assert reader.copy() == (5, "e")
    assert reader.owner.asked == 1


async def test_many_gaps_in_one_batch_are_closed_at_once(reader: Reader) -> None:
    notes = [uuid4() for _ in range(50)]
    reader.owner.notes = {str(note): (3, "c") for note in notes}
    await reader.take(*(written("c", 3, note) for note in notes))
    assert {reader.copy(note) for note in notes} == {(3, "c")}
    assert reader.owner.asked == 50


async def test_an_answer_whose_batch_was_undone_is_used_again(reader: Reader) -> None:
    reader.owner.notes = {str(NOTE): (3, "c")}
    away = uuid4()
    with pytest.raises(Gap):
        await reader.take(written("c", 3), written("x", 3, away))
    reader.copies.versions.clear()
    reader.owner.notes[str(away)] = (3, "x")
    await reader.take(written("c", 3), written("x", 3, away))
    assert reader.copy() == (3, "c")
    assert reader.owner.asked == 3


async def test_a_reader_that_comes_late_asks_for_what_was_before(reader: Reader) -> None:
    reader.owner.notes[str(NOTE)] = (7, "g")
    await reader.take_when_it_can(written("g", 7))
    assert reader.copy() == (7, "g")


async def test_an_owner_that_is_away_is_asked_until_it_answers(reader: Reader) -> None:
    reader.owner.error = ConnectionError("away")

    async def is_asked_twice() -> bool:
        with pytest.raises(Gap):
            await reader.take(written("c", 3))
        return reader.owner.asked >= 2

    await until(is_asked_twice)
    assert reader.copy() == (0, None)
    reader.owner.error = None
    reader.owner.notes[str(NOTE)] = (3, "c")
    await reader.take_when_it_can(written("c", 3))
    assert reader.copy() == (3, "c")


async def test_an_answer_from_before_the_event_is_no_answer(reader: Reader) -> None:
    reader.owner.notes[str(NOTE)] = (2, "b")

    async def is_asked_twice() -> bool:
        with pytest.raises(Gap):
            await reader.take(written("c", 3))
        return reader.owner.asked >= 2

    await until(is_asked_twice)
    assert reader.copy() == (0, None)


async def test_what_the_owner_no_longer_has_is_replaced_by_nothing(reader: Reader) -> None:
    reader.owner.notes[str(NOTE)] = (0, None)
    await reader.take_when_it_can(written("c", 3))
    assert reader.copy() == (3, None)


async def test_an_event_without_a_sequence_is_a_dead_letter(reader: Reader) -> None:
    await reader.take(written("a", None))
    assert [letter.error for letter in reader.store.letters] == [
        "ValueError('NoteWritten has no sequence')"
    ]
