"""Pieces of an answer on their way to whoever watches. At best: the outcome has it all."""

import asyncio
import logging
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from chat.domain.pieces import pieces_of
from contracts.gateway import AnswerDelta
from contracts.topics import GATEWAY_STREAMS
from messaging.envelope import Envelope

log = logging.getLogger(__name__)

_SEND_S: Final = 1.0
_START_S: Final = 3.0
_REST_S: Final = 5.0
"""After a failure nothing is sent for a while, so that answers don't wait for a broker again."""


class KafkaStreams:
    """A producer for all answers of this process. It connects when the first one is sent."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._producer: AIOKafkaProducer | None = None
        self._lock = asyncio.Lock()
        self._rests_until = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._producer:
            await _stop(self._producer)
            self._producer = None

    def open(self, cause: Envelope) -> "KafkaAnswerStream":
        """The stream of the answer to that command: to the partition that its outcome goes to."""
        return KafkaAnswerStream(self, cause)

    async def publish(self, deltas: Sequence[AnswerDelta], cause: Envelope) -> bool:
        """All of them in order, or False when the broker doesn't take them in a short time."""
        if asyncio.get_running_loop().time() < self._rests_until:
            return False
        try:
            producer = await self._started()
            async with asyncio.timeout(_SEND_S):
                await asyncio.gather(
                    *[await self._send(producer, delta, cause) for delta in deltas]
                )
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("an answer is not streamed: %r", error)
            self._rests_until = asyncio.get_running_loop().time() + _REST_S
            return False
        return True

    async def _started(self) -> AIOKafkaProducer:
        async with self._lock:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap_servers, acks=1, linger_ms=0
                )
                try:
                    async with asyncio.timeout(_START_S):
                        await producer.start()
                except BaseException:
                    await _stop(producer)
                    raise
                self._producer = producer
            return self._producer

    @staticmethod
    async def _send(
        producer: AIOKafkaProducer, delta: AnswerDelta, cause: Envelope
    ) -> "asyncio.Future[object]":
        envelope = Envelope(
            type=delta.type,
            source="chat",
            subject=delta.aggregate_id,
            correlation_id=cause.correlation_id,
            causation_id=cause.id,
            sequence=delta.position,
            traceparent=cause.traceparent,
        )
        sent: asyncio.Future[object] = await producer.send(
            GATEWAY_STREAMS.name,
            value=delta.model_dump_json().encode(),
            key=delta.aggregate_id.encode(),
            partition=cause.reply_to.partition if cause.reply_to else None,
            headers=[(name, text.encode()) for name, text in envelope.headers().items()],
        )
        return sent


class KafkaAnswerStream:
    """See chat.application.ports.AnswerStream. After a gap nothing more of the answer is sent."""

    def __init__(self, streams: KafkaStreams, cause: Envelope) -> None:
        self._streams = streams
        self._cause = cause
        self._position = 0
        self._is_broken = False

    async def send(self, text: str) -> None:
        """A few words at a time."""
        if self._is_broken:
            return
        deltas = [
            AnswerDelta(command_id=self._cause.id, position=self._position + number, text=piece)
            for number, piece in enumerate(pieces_of(text), start=1)
        ]
        self._position += len(deltas)
        self._is_broken = not await self._streams.publish(deltas, self._cause)


async def _stop(producer: AIOKafkaProducer) -> None:
    try:
        async with asyncio.timeout(_START_S):
            await producer.stop()
    except (KafkaError, OSError, TimeoutError) as error:
        log.warning("the producer of answer streams did not stop: %r", error)
