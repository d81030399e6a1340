from collections.abc import Mapping

import pytest

from messaging.log_memory import MOST_MARKS, PAUSE_S, LogMemory
from messaging.log_reader import LogReader, Mark, Place

HERE: Place = ("topic", 0)
THERE: Place = ("topic", 1)


class Logs(LogReader):
    """Logs in memory: the ids of their messages by offset."""

    def __init__(self) -> None:
        self.ids: dict[Place, list[str]] = {HERE: [], THERE: []}

    async def changed(self, marks: Mapping[Place, Mark]) -> set[Place]:
        return {
            place
            for place, mark in marks.items()
            if self.ids[place][mark.offset : mark.offset + 1] != [mark.message_id]
        }


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Reader:
    """A consumer that reads logs batch by batch and remembers."""

    def __init__(self) -> None:
        self.logs = Logs()
        self.clock = Clock()
        self.memory = LogMemory(self.clock)

    def read(self, place: Place, *ids: str) -> None:
        """One batch that is appended and consumed."""
        self.logs.ids[place] += ids
        offset = len(self.logs.ids[place]) - 1
        self.memory.saw(place, Mark(offset=offset, message_id=ids[-1]))

    async def changed(self) -> set[Place]:
        return await self.memory.changed(self.logs)


@pytest.fixture
def reader() -> Reader:
    return Reader()


async def test_a_log_that_goes_on_is_the_same(reader: Reader) -> None:
    reader.read(HERE, "a", "b")
    assert await reader.changed() == set()
    reader.read(HERE, "c")
    reader.read(THERE, "d")
    assert await reader.changed() == set()


async def test_a_log_that_was_filled_anew_beyond_the_mark_is_another(reader: Reader) -> None:
    reader.read(HERE, "a", "b")
    reader.read(THERE, "c")
    await reader.changed()
    reader.logs.ids[HERE] = ["x", "y", "z"]
    assert await reader.changed() == {HERE}


async def test_a_loss_shows_even_when_the_new_log_was_consumed_before_anybody_looked(
    reader: Reader,
) -> None:
    reader.read(HERE, "a", "b")
    await reader.changed()
    reader.logs.ids[HERE] = ["x", "y"]
    reader.read(HERE, "z")
    assert await reader.changed() == {HERE}


async def test_a_lost_end_shows_by_the_message_before_the_pause(reader: Reader) -> None:
    reader.read(HERE, "a")
    await reader.changed()
    reader.read(HERE, "lost")
    reader.logs.ids[HERE] = ["a", "x"]
    reader.clock.now += PAUSE_S
    reader.read(HERE, "y")
    assert await reader.changed() == {HERE}


async def test_what_is_kept_with_an_offset_leads_to_the_last_mark_that_was_seen_in_the_log(
    reader: Reader,
) -> None:
    reader.read(HERE, "a", "b")
    await reader.changed()
    reader.logs.ids[HERE] = ["x", "y"]
    reader.read(HERE, "z")
    successor = LogMemory()
    successor.recall({HERE: reader.memory.note(HERE)})
    assert await successor.changed(reader.logs) == {HERE}


async def test_before_anybody_has_looked_the_first_mark_is_kept(reader: Reader) -> None:
    reader.read(HERE, "a")
    reader.clock.now += PAUSE_S
    reader.read(HERE, "b")
    assert reader.memory.note(HERE) == "0 a"


@pytest.mark.parametrize("note", ["", "somebody else's", "-1 a"])
async def test_a_note_that_is_none_of_ours_says_nothing(reader: Reader, note: str) -> None:
    reader.memory.recall({HERE: note})
    assert await reader.changed() == set()


async def test_a_partition_that_is_read_from_its_start_is_begun_anew(reader: Reader) -> None:
    reader.read(HERE, "a")
    reader.memory.forget([HERE])
    reader.logs.ids[HERE] = []
    assert await reader.changed() == set()
    assert reader.memory.note(HERE) == ""


async def test_marks_stay_few_however_long_nobody_looks(reader: Reader) -> None:
    turns = 0

    class Counting(Logs):
        async def changed(self, marks: Mapping[Place, Mark]) -> set[Place]:
            nonlocal turns
            turns += 1
            return set()

    for n in range(1_000):
        reader.clock.now += PAUSE_S
        reader.read(HERE, str(n))
    await reader.memory.changed(Counting())
    assert turns == MOST_MARKS


async def test_what_was_consumed_while_somebody_looked_is_looked_at_next_time(
    reader: Reader,
) -> None:
    class Meanwhile(Logs):
        async def changed(self, marks: Mapping[Place, Mark]) -> set[Place]:
            reader.clock.now += PAUSE_S
            reader.read(HERE, "meanwhile")
            return set()

    reader.read(HERE, "a")
    await reader.memory.changed(Meanwhile())
    reader.logs.ids[HERE] = ["a", "x", "y"]
    assert await reader.changed() == {HERE}
