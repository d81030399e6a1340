"""An answer as it is written: pieces while they come, then the whole message."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.gateway import AnswerDelta, OperationView
from gateway.application.ports import AnswerStreams
from gateway.application.waiters import Waiters


@dataclass(frozen=True, kw_only=True)
class Piece:
    """The next piece of text. `position` counts from 1, and a client can resume after it."""

    position: int
    text: str


@dataclass(frozen=True, kw_only=True)
class StreamAnswer:
    streams: AnswerStreams
    waiters: Waiters
    at_most_s: float = 120.0

    async def __call__(
        self, operation_id: UUID, *, after: int = 0
    ) -> AsyncIterator[Piece | OperationView]:
        """Pieces beyond `after`, then the operation as it ended or as it is after `at_most_s`.

        The pieces of a successful answer add up to its content, whatever got lost on the way.
        """
        pieces: asyncio.Queue[AnswerDelta] = asyncio.Queue()
        following = asyncio.create_task(self._follow(operation_id, pieces))
        ended = asyncio.create_task(self.waiters.wait(operation_id, at_most_s=self.at_most_s))
        text = _Text(after)
        try:
            while delta := await _next(pieces, unless=ended):
                if piece := text.take(delta):
                    yield piece
            operation = await ended
            while not pieces.empty():
                if piece := text.take(pieces.get_nowait()):
                    yield piece
            if rest := text.rest_of((operation.result or {}).get("content")):
                yield rest
            yield operation
        finally:
            for task in (following, ended):
                task.cancel()
            await asyncio.gather(following, ended, return_exceptions=True)

    async def _follow(self, operation_id: UUID, pieces: "asyncio.Queue[AnswerDelta]") -> None:
        async for delta in self.streams.follow(operation_id, after=0):
            pieces.put_nowait(delta)


async def _next(
    pieces: "asyncio.Queue[AnswerDelta]", *, unless: "asyncio.Task[OperationView]"
) -> AnswerDelta | None:
    getting = asyncio.create_task(pieces.get())
    try:
        await asyncio.wait({getting, unless}, return_when=asyncio.FIRST_COMPLETED)
        return getting.result() if getting.done() else None
    finally:
        getting.cancel()


class _Text:
    """What of the answer has come so far, without gaps."""

    def __init__(self, after: int) -> None:
        self._after = after
        self._position = 0
        self._text = ""

    def take(self, delta: AnswerDelta) -> Piece | None:
        if delta.position != self._position + 1:
            return None
        self._position += 1
        self._text += delta.text
        if self._position <= self._after:
            return None
        return Piece(position=self._position, text=delta.text)

    def rest_of(self, content: Any) -> Piece | None:
        if not isinstance(content, str) or self._position < self._after:
            return None
        if not content.startswith(self._text) or len(content) == len(self._text):
            return None
        return Piece(position=self._position + 1, text=content[len(self._text) :])
