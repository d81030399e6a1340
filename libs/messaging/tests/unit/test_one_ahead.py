"""A batch that is got ready while another is in hand."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition

from messaging import one_ahead
from messaging.one_ahead import Ahead, Portion, Reading
from messaging.records import Record
from testkit.records import LogRecord
from testkit.waiting import until

PLACE, OTHER = TopicPartition("topic", 0), TopicPartition("topic", 1)


def records(*offsets: int) -> list[Record]:
    return [
        LogRecord(topic="topic", offset=offset, key=None, value=b"%d" % offset, headers=[])
        for offset in offsets
    ]


def new_reading() -> Reading:
    return Reading(SimpleNamespace(has_valid_position=True, position=0), 0)


class Fetched:
    """What has come from a broker. It raises `error` when there is nothing more."""

    def __init__(self) -> None:
        self.waiting: list[Portion] = []
        self.given_back: list[Portion] = []
        self.error: BaseException | None = None
        self._more = asyncio.Event()

    def add(self, place: TopicPartition, reading: Reading, *offsets: int) -> None:
        self.waiting.append(Portion(place, reading, records(*offsets)))
        self._more.set()

    def fail(self, error: BaseException) -> None:
        self.error = error
        self._more.set()

    async def slices(self, at_most: int) -> AsyncIterator[Portion]:
        while self.waiting and at_most:
            portion = self.waiting[0]
            left = portion.records[at_most:]
            portion.records = portion.records[:at_most]
            self.waiting[:1] = [Portion(portion.place, portion.reading, left)] if left else []
            at_most -= len(portion.records)
            yield portion

    async def fetched(self, *, is_awaited: bool) -> None:
        if self.error:
            raise self.error
        self._more.clear()
        await self._more.wait()

    def wake(self) -> None:
        self._more.set()

    def give_back(self, portion: Portion) -> None:
        self.given_back.append(portion)


def values(some: Sequence[Record]) -> list[bytes | None]:
    return [record.value for record in some]


@pytest.fixture
async def fetched() -> Fetched:
    return Fetched()


async def test_what_comes_is_decoded_before_anybody_asks_for_it(fetched: Fetched) -> None:
    ahead, reading = Ahead(fetched, 10, values), new_reading()
    fetched.add(PLACE, reading, 1, 2)
    await until(lambda: PLACE in ahead.portions and len(ahead.portions[PLACE].decoded) == 2)
    fetched.add(PLACE, reading, 3)
    fetched.add(OTHER, new_reading(), 1)
    await until(lambda: OTHER in ahead.portions)
    taken = await ahead.taken()
    assert taken[PLACE].decoded == values(taken[PLACE].records) == [b"1", b"2", b"3"]
    assert taken[OTHER].decoded == [b"1"]


async def test_a_batch_ahead_is_never_larger_than_a_batch(fetched: Fetched) -> None:
    ahead, reading = Ahead(fetched, 3, values), new_reading()
    fetched.add(PLACE, reading, 1, 2)
    fetched.add(PLACE, reading, 3, 4, 5)
    taken = await ahead.taken()
    assert values(taken[PLACE].records) == [b"1", b"2", b"3"]
    [left] = fetched.waiting
    assert values(left.records) == [b"4", b"5"]


async def test_the_first_to_come_is_taken_at_once_when_a_batch_is_awaited(fetched: Fetched) -> None:
    taking = asyncio.create_task(Ahead(fetched, 10, values).taken())
    await asyncio.sleep(0)
    fetched.add(PLACE, new_reading(), 1)
    assert values((await taking)[PLACE].records) == [b"1"]


async def test_what_was_drained_before_a_partition_was_set_elsewhere_is_left_out(
    fetched: Fetched,
) -> None:
    ahead = Ahead(fetched, 10, values)
    fetched.add(PLACE, new_reading(), 7, 8)
    await until(lambda: PLACE in ahead.portions)
    fetched.add(PLACE, new_reading(), 5, 6)
    taken = await ahead.taken()
    assert taken[PLACE].decoded == values(taken[PLACE].records) == [b"5", b"6"]


@pytest.mark.parametrize("error", [ConnectionError("gone"), asyncio.CancelledError()])
async def test_what_was_drained_is_given_back_when_the_rest_cannot_be(
    fetched: Fetched, error: BaseException
) -> None:
    ahead = Ahead(fetched, 10, values)
    fetched.add(PLACE, new_reading(), 1)
    await until(lambda: PLACE in ahead.portions)
    [portion] = ahead.portions.values()
    fetched.fail(error)
    await until(lambda: bool(fetched.given_back))
    with pytest.raises(type(error)):
        await ahead.taken()
    assert fetched.given_back == [portion]


async def test_what_is_dropped_is_given_back(fetched: Fetched) -> None:
    ahead = Ahead(fetched, 10, values)
    fetched.add(PLACE, new_reading(), 1)
    await until(lambda: PLACE in ahead.portions)
    ahead.drop()
    await until(lambda: bool(fetched.given_back))
    assert not ahead.portions


async def test_others_have_a_turn_between_slices(
    fetched: Fetched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_ahead, "SLICE", 2)
    sizes: list[int] = []
    turns: list[int] = []

    def decode(some: Sequence[Record]) -> list[bytes | None]:
        sizes.append(len(some))
        asyncio.get_running_loop().call_soon(turns.append, len(sizes))
        return values(some)

    portion = Portion(PLACE, new_reading(), records(1, 2, 3, 4, 5))
    await portion.decode(decode)
    assert sizes == [2, 2, 1]
    assert turns == [1, 2, 3]


async def test_what_is_ahead_waits_for_a_quiet_moment_or_until_it_is_awaited(
    fetched: Fetched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_ahead, "SLICE", 2)
    monkeypatch.setattr(one_ahead, "BUSY_S", 1e-9)  # No turn is shorter: it is never quiet.
    ahead = Ahead(fetched, 10, values)
    fetched.add(PLACE, new_reading(), 1, 2, 3, 4, 5)
    await until(lambda: PLACE in ahead.portions and len(ahead.portions[PLACE].decoded) == 2)
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(ahead.portions[PLACE].decoded) == 2
    taken = await ahead.taken()
    assert taken[PLACE].decoded == values(taken[PLACE].records)
    assert len(taken[PLACE].decoded) == 5


async def test_a_decoder_that_fails_ahead_is_asked_again_by_whoever_applies(
    fetched: Fetched,
) -> None:
    def decode(_some: Sequence[Record]) -> list[bytes | None]:
        raise ValueError("a defect")

    ahead = Ahead(fetched, 10, decode)
    fetched.add(PLACE, new_reading(), 1)
    portion = (await ahead.taken())[PLACE]
    with pytest.raises(ValueError, match="a defect"):
        await portion.decode(decode)
