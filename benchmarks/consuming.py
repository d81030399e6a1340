"""CPU time per consumed message: our batch consumer and a raw loop, from the same topic."""

import asyncio
import gc
from collections.abc import Sequence
from statistics import median
from time import process_time
from typing import Final
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from benchmarks.report import Figure, in_turns
from benchmarks.samples import outgoing, request, transfer
from benchmarks.void_store import VoidStore, VoidWork
from contracts.ledger import PostTransaction
from contracts.topics import Topic
from messaging.broker import LongPollBroker
from messaging.consumer import BatchConsumer
from messaging.records import Decoded
from messaging.subscriber import MAX_RECORDS, Subscription
from messaging.topics import apply

PRELOADED: Final = Topic(name="benchmark.commands.v1", owner="benchmark")


async def measure(bootstrap_servers: str, *, rounds: int, messages: int) -> list[Figure]:
    """Both join a group of their own, read the whole topic, and commit after each batch."""
    await _preload(bootstrap_servers, messages)
    taken = await in_turns(
        rounds,
        lambda: _ours(bootstrap_servers, messages),
        lambda: _raw(bootstrap_servers, messages),
    )
    baseline = "raw aiokafka getmany loop with the same Pydantic model, commits included"
    return [
        Figure(
            name="consume_vs_raw", value=taken.ratio, unit="ratio", baseline=baseline, aim="<= 2"
        ),
        Figure(name="consume_cpu", value=median(taken.ours), unit="µs/message"),
        Figure(name="consume_raw_cpu", value=median(taken.baseline), unit="µs/message"),
    ]


class _Meter:
    """CPU time of this process per message, from the first batch's arrival to the last's end."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._seen = 0
        self._counted = 0
        self._started: float | None = None
        self.ended = asyncio.Event()
        self.cpu_us = 0.0

    def add(self, count: int) -> None:
        """`count` messages have been dealt with."""
        self._seen += count
        if self._started is None:
            # Joining the group and the first fetch are over, and count for neither.
            gc.collect()
            self._started = process_time()
            return
        self._counted += count
        if self._seen >= self._expected:
            self.cpu_us = (process_time() - self._started) / self._counted * 1e6
            self.ended.set()


async def _handle(_command: PostTransaction, _work: VoidWork) -> None:
    """What a handler does is not measured here."""


async def _ours(bootstrap_servers: str, messages: int) -> float:
    """Through Subscription, as in a service: FastStream, headers, body, handler, commit."""
    meter = _Meter(messages)
    name = f"benchmark.{uuid4().hex}"
    consumer = BatchConsumer(
        name="ledger", store=VoidStore(), handlers={PostTransaction: _handle}, problems={}
    )

    async def consume(decoded: Sequence[Decoded]) -> None:
        await consumer.apply(decoded)
        meter.add(len(decoded))

    broker = LongPollBroker(bootstrap_servers, name=name)
    Subscription(broker, [PRELOADED], group=name, decode=consumer.decode, consume=consume)
    await broker.start()
    try:
        await meter.ended.wait()
    finally:
        await broker.stop()
    return meter.cpu_us


async def _raw(bootstrap_servers: str, messages: int) -> float:
    """The least that a careful program does: validate, dispatch, commit after each batch."""
    meter = _Meter(messages)
    handlers = {PostTransaction: _handle}
    work = VoidWork(request())
    consumer = AIOKafkaConsumer(
        PRELOADED.name,
        bootstrap_servers=bootstrap_servers,
        group_id=f"benchmark.{uuid4().hex}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        while not meter.ended.is_set():
            batches = await consumer.getmany(timeout_ms=1_000, max_records=MAX_RECORDS)
            for records in batches.values():
                for record in records:
                    command = PostTransaction.model_validate_json(record.value)
                    await handlers[type(command)](command, work)
            if batches:
                meter.add(sum(len(records) for records in batches.values()))
                await consumer.commit()
    finally:
        await consumer.stop()
    return meter.cpu_us


async def _preload(bootstrap_servers: str, messages: int) -> None:
    await apply(bootstrap_servers, [PRELOADED])
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, max_batch_size=256 * 1024)
    await producer.start()
    try:
        for _ in range(messages):
            message = outgoing(transfer())
            await producer.send(
                PRELOADED.name,
                value=message.value.encode(),
                key=message.key.encode(),
                headers=[(name, text.encode()) for name, text in message.headers.items()],
            )
    finally:
        await producer.stop()
