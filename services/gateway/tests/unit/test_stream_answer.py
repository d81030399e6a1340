import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any
from uuid import UUID

import pytest
from services.gateway.tests.fakes import FakeReads, FakeStreams, a_view

from contracts.gateway import AnswerDelta, OperationView
from contracts.ids import new_id
from contracts.problems import Problem
from gateway.application.stream_answer import Piece, StreamAnswer
from gateway.application.waiters import Waiters
from testkit.waiting import until

Item = Piece | OperationView


class Desk:
    """A question that has been accepted, its answer as it is written, and a reader of it."""

    def __init__(self, *, at_most_s: float = 30) -> None:
        self.reads, self.streams = FakeReads(), FakeStreams()
        self.waiters = Waiters(self.reads)
        self.id: UUID = self.reads.commit(a_view(new_id())).id
        self.stream = StreamAnswer(streams=self.streams, waiters=self.waiters, at_most_s=at_most_s)

    def end(self, state: Any = "succeeded", **values: Any) -> OperationView:
        ended = self.reads.commit(a_view(self.id, state, **values))
        self.waiters.notice(ended)
        self.waiters.wake()
        return ended

    def answer(self, content: str) -> OperationView:
        return self.end(result={"content": content})

    async def read(self, *, after: int = 0) -> "Reader":
        reader = Reader(self.stream(self.id, after=after))
        await until(lambda: bool(self.streams.readers) or reader.task.done())
        return reader


class Reader:
    def __init__(self, items: AsyncIterator[Item]) -> None:
        self.got: list[Item] = []
        self.task = asyncio.create_task(self._read(items))

    async def _read(self, items: AsyncIterator[Item]) -> None:
        async for item in items:
            self.got.append(item)

    @property
    def pieces(self) -> list[tuple[int, str]]:
        return [(item.position, item.text) for item in self.got if isinstance(item, Piece)]

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.pieces)

    async def has(self, count: int) -> None:
        await until(lambda: len(self.got) == count)


def others() -> set["asyncio.Task[Any]"]:
    current = asyncio.current_task()
    return {task for task in asyncio.all_tasks() if task is not current}


async def test_pieces_come_while_the_answer_is_written_and_the_message_ends_it() -> None:
    desk = Desk()
    reader = await desk.read()
    for number, text in enumerate(("We ", "open ", "at nine."), start=1):
        await desk.streams.write(desk.id, text, first=number)
        await reader.has(number)
    ended = desk.answer("We open at nine.")
    await reader.task
    assert reader.pieces == [(1, "We "), (2, "open "), (3, "at nine.")]
    assert reader.got[-1] == ended


@pytest.mark.parametrize("lost", [(), (1,), (2,), (3,), (1, 2, 3)])
async def test_the_pieces_add_up_to_the_content_whatever_got_lost(lost: tuple[int, ...]) -> None:
    desk = Desk()
    reader = await desk.read()
    for position, text in enumerate(("We ", "open ", "at nine."), start=1):
        if position not in lost:
            await desk.streams.write(desk.id, text, first=position)
    desk.answer("We open at nine.")
    await reader.task
    assert reader.text == "We open at nine."
    positions = [position for position, _ in reader.pieces]
    assert positions == list(range(1, len(positions) + 1))


async def test_a_piece_that_comes_twice_is_passed_on_once() -> None:
    desk = Desk()
    reader = await desk.read()
    await desk.streams.write(desk.id, "We ", "open")
    await desk.streams.write(desk.id, "We ", "open")
    desk.answer("We open")
    await reader.task
    assert reader.pieces == [(1, "We "), (2, "open")]


async def test_a_reader_who_comes_back_goes_on_where_it_stopped() -> None:
    desk = Desk()
    await desk.streams.write(desk.id, "We ", "open ", "at ")
    reader = await desk.read(after=2)
    await reader.has(1)
    desk.answer("We open at nine.")
    await reader.task
    assert reader.pieces == [(3, "at "), (4, "nine.")]


async def test_a_reader_whose_place_is_lost_gets_the_message_and_no_pieces() -> None:
    desk = Desk()
    reader = await desk.read(after=7)
    ended = desk.answer("We open at nine.")
    await reader.task
    assert reader.got == [ended]


async def test_an_answer_that_turned_out_differently_is_not_patched_together() -> None:
    desk = Desk()
    reader = await desk.read()
    await desk.streams.write(desk.id, "We close")
    await reader.has(1)
    ended = desk.answer("We open at nine.")
    await reader.task
    assert reader.got[1:] == [ended]


async def test_a_refusal_ends_the_stream() -> None:
    desk = Desk()
    reader = await desk.read()
    problem = Problem(type="/problems/not-found", title="No such conversation", status=404)
    ended = desk.end("refused", problem=problem)
    await reader.task
    assert reader.got == [ended]


async def test_a_finished_answer_is_told_at_once() -> None:
    desk = Desk()
    ended = desk.answer("We open at nine.")
    reader = await desk.read()
    await reader.task
    assert (reader.text, reader.got[-1]) == ("We open at nine.", ended)


async def test_a_reader_does_not_wait_for_ever() -> None:
    desk = Desk(at_most_s=0.01)
    reader = await desk.read()
    await reader.task
    assert [item.state for item in reader.got if isinstance(item, OperationView)] == ["accepted"]


async def test_a_reader_who_is_cut_off_while_waiting_leaves_nothing_running() -> None:
    desk = Desk()
    before = others()
    reader = await desk.read()
    await desk.streams.write(desk.id, "We ")
    await reader.has(1)
    await until(lambda: desk.waiters.is_waited_for(desk.id))
    reader.task.cancel()
    await asyncio.wait({reader.task})
    await until(lambda: others() <= before)
    assert not desk.streams.readers
    assert not desk.waiters.is_waited_for(desk.id)


async def test_a_reader_who_leaves_between_two_pieces_leaves_nothing_running() -> None:
    desk = Desk()
    before = others()
    await desk.streams.write(desk.id, "We ")
    async with aclosing(desk.stream(desk.id)) as items:  # type: ignore[type-var]
        assert await anext(items) == Piece(position=1, text="We ")
    await until(lambda: others() <= before)
    assert not desk.streams.readers


async def test_without_a_stream_of_pieces_the_message_comes_all_the_same() -> None:
    class BrokenStreams:
        async def follow(self, command_id: UUID, *, after: int) -> AsyncIterator[AnswerDelta]:
            if after == 0:
                raise ConnectionError("no broker")
            yield AnswerDelta(command_id=command_id, position=1, text="")

    desk = Desk()
    ended = desk.answer("We open at nine.")
    stream = StreamAnswer(streams=BrokenStreams(), waiters=desk.waiters)
    items = [item async for item in stream(desk.id)]
    assert items == [Piece(position=1, text="We open at nine."), ended]
