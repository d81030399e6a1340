"""Pieces of answers from gateway.streams.v1, for the browsers that this instance serves."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

from aiokafka import ConsumerRecord, TopicPartition
from pydantic import ValidationError

from contracts.gateway import AnswerDelta
from contracts.topics import GATEWAY_STREAMS
from messaging.long_poll import LongPollConsumer

log = logging.getLogger(__name__)

MOST_ANSWERS: Final = 500
MOST_PIECES: Final = 2_000


class KafkaAnswerStreams:
    """See gateway.application.ports.AnswerStreams.

    Reads every partition from its end, in no group: nothing here is ever committed, and nothing is
    lost when it is missed. Keeps the pieces of the latest answers, so that a reader can resume.
    """

    def __init__(self, bootstrap_servers: str) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._answers: OrderedDict[UUID, _Answer] = OrderedDict()

    async def follow(self, command_id: UUID, *, after: int) -> AsyncIterator[AnswerDelta]:
        """See gateway.application.ports.AnswerStreams."""
        answer = self._answer(command_id)
        position = after
        while True:
            for delta in answer.beyond(position):
                position = delta.position
                yield delta
            await answer.changed()

    async def run(self) -> None:
        """Until cancelled. Raises what the client raises when the broker is away."""
        consumer = LongPollConsumer(
            bootstrap_servers=self._bootstrap_servers,
            enable_auto_commit=False,
            auto_offset_reset="latest",
        )
        try:
            await consumer.start()
            partitions = [
                TopicPartition(GATEWAY_STREAMS.name, number)
                for number in range(GATEWAY_STREAMS.partitions)
            ]
            consumer.assign(partitions)
            await consumer.seek_to_end(*partitions)
            async for record in consumer:
                self._take(record)
        finally:
            await consumer.stop()

    def _take(self, record: ConsumerRecord) -> None:
        try:
            delta = AnswerDelta.model_validate_json(record.value or b"")
        except ValidationError as error:
            log.warning("a piece of an answer can't be read: %s", error.error_count())
            return
        self._answer(delta.command_id).take(delta)

    def _answer(self, command_id: UUID) -> "_Answer":
        answer = self._answers.setdefault(command_id, _Answer())
        self._answers.move_to_end(command_id)
        if len(self._answers) > MOST_ANSWERS:
            self._answers.popitem(last=False)
        return answer


class _Answer:
    """The pieces so far, and the readers to wake when there is one more."""

    def __init__(self) -> None:
        self._pieces: dict[int, AnswerDelta] = {}
        self._waiting: list[asyncio.Event] = []

    def take(self, delta: AnswerDelta) -> None:
        if len(self._pieces) >= MOST_PIECES:
            return
        self._pieces.setdefault(delta.position, delta)
        for event in self._waiting:
            event.set()

    def beyond(self, position: int) -> list[AnswerDelta]:
        return [self._pieces[place] for place in sorted(self._pieces) if place > position]

    async def changed(self) -> None:
        event = asyncio.Event()
        self._waiting.append(event)
        try:
            await event.wait()
        finally:
            self._waiting.remove(event)
