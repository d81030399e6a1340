import asyncio
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from contracts.gateway import AnswerDelta
from contracts.ids import new_id
from gateway.adapters import kafka_streams
from gateway.adapters.kafka_streams import KafkaAnswerStreams


class Streams:
    """The streams of a gateway whose broker is the test."""

    def __init__(self) -> None:
        self.streams = KafkaAnswerStreams("nowhere")

    def take(self, answer: UUID, position: int, text: str = "x") -> None:
        delta = AnswerDelta(command_id=answer, position=position, text=text)
        self.take_value(delta.model_dump_json().encode())

    def take_value(self, value: bytes | None) -> None:
        record: Any = SimpleNamespace(value=value)
        self.streams._take(record)

    async def next(self, answer: UUID, count: int, *, after: int = 0) -> list[int]:
        pieces = self.streams.follow(answer, after=after)
        async with asyncio.timeout(5):
            return [(await anext(pieces)).position for _ in range(count)]


async def test_pieces_that_came_before_the_reader_are_kept() -> None:
    streams, answer = Streams(), new_id()
    for position in (1, 2, 3):
        streams.take(answer, position)
    assert await streams.next(answer, 3) == [1, 2, 3]
    assert await streams.next(answer, 1, after=2) == [3]


async def test_every_reader_is_woken_by_a_new_piece() -> None:
    streams, answer = Streams(), new_id()
    readers = [asyncio.create_task(streams.next(answer, 1)) for _ in range(2)]
    await asyncio.wait(readers, timeout=0.02)
    streams.take(new_id(), 1)
    streams.take(answer, 1)
    assert await asyncio.gather(*readers) == [[1], [1]]


async def test_a_record_that_is_no_piece_is_passed_over() -> None:
    streams, answer = Streams(), new_id()
    for value in (None, b"", b"{", b"\xff", b'{"position": 0}'):
        streams.take_value(value)
    streams.take(answer, 1)
    assert await streams.next(answer, 1) == [1]


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_streams, "MOST_ANSWERS", 2)
    monkeypatch.setattr(kafka_streams, "MOST_PIECES", 3)
    streams, last = Streams(), new_id()
    for answer in (new_id(), new_id(), last):
        for position in range(1, 6):
            streams.take(answer, position)
    kept = streams.streams._answers
    assert len(kept) == 2
    assert [len(answer.beyond(0)) for answer in kept.values()] == [3, 3]
    assert last in kept
