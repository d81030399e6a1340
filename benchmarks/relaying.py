"""Messages per second from a filled outbox to the log, and a raw producer beside it."""

import asyncio
import gc
from collections.abc import Sequence
from statistics import median
from time import perf_counter
from typing import Any, TypeAlias

from aiokafka import AIOKafkaProducer

from benchmarks.report import Figure, in_turns
from benchmarks.samples import outgoing, posted, transfer
from benchmarks.stores import TABLES, BenchmarkStore, new_store
from messaging.envelope import Outgoing
from messaging.relay import Relay
from messaging.store import LogEnds, Parcel
from storage.codec import PARCEL_SIZE
from storage.outbox import SqlOutbox
from testkit.postgres import PostgresServer

Encoded: TypeAlias = dict[str, Any]


async def measure(
    bootstrap_servers: str, postgres: PostgresServer, *, rounds: int, messages: int
) -> list[Figure]:
    """Full parcels, as batches leave them; then parcels of one message, as requests do."""
    sample = [outgoing(posted(transfer())) for _ in range(messages)]
    encoded = [_encoded(message) for message in sample]
    taken = await in_turns(
        rounds,
        lambda: _relayed(bootstrap_servers, postgres, sample, parcel=PARCEL_SIZE),
        lambda: _raw(bootstrap_servers, encoded),
    )
    single = [
        await _relayed(bootstrap_servers, postgres, sample[: messages // 10], parcel=1)
        for _ in range(rounds)
    ]
    return [
        Figure(
            name="relay_vs_raw",
            value=taken.ratio,
            unit="ratio",
            baseline="raw pipelined idempotent aiokafka producer, the messages encoded beforehand",
            aim=">= 0.5",
        ),
        Figure(name="relay_rate", value=median(taken.ours), unit="messages/s"),
        Figure(name="relay_raw_rate", value=median(taken.baseline), unit="messages/s"),
        Figure(name="relay_rate_single_parcels", value=median(single), unit="messages/s"),
    ]


class _TimedOutbox(SqlOutbox):
    """Knows when the relay began to read and when the last parcel was marked."""

    def __init__(self, store: BenchmarkStore, parcels: int) -> None:
        super().__init__(store.db, TABLES)
        self._left = parcels
        self._started: float | None = None
        self.took_s = 0.0
        self.emptied = asyncio.Event()

    async def unsent(self, limit: int) -> list[Parcel]:
        if self._started is None:
            self._started = perf_counter()
        return await super().unsent(limit)

    async def mark_sent(self, ids: Sequence[int], log_ends: LogEnds) -> None:
        await super().mark_sent(ids, log_ends)
        self._left -= len(ids)
        if self._left == 0 and self._started is not None:
            self.took_s = perf_counter() - self._started
            self.emptied.set()


async def _relayed(
    bootstrap_servers: str, postgres: PostgresServer, sample: Sequence[Outgoing], *, parcel: int
) -> float:
    """From an outbox full of parcels to one in which all are acknowledged and marked."""
    async with new_store(postgres, "ledger") as store:
        for start in range(0, len(sample), parcel):
            async with store.store.begin() as transaction:
                for message in sample[start : start + parcel]:
                    transaction.post(message)
        outbox = _TimedOutbox(store, parcels=-(-len(sample) // parcel))
        relay = Relay(bootstrap_servers=bootstrap_servers, outbox=outbox, wake=store.outbox_wake)
        gc.collect()
        running = asyncio.create_task(relay.run())
        try:
            await outbox.emptied.wait()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    return len(sample) / outbox.took_s


async def _raw(bootstrap_servers: str, sample: Sequence[Encoded]) -> float:
    """The relay's own settings of the producer, and nothing to read or to mark."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers,
        enable_idempotence=True,
        linger_ms=0,
        max_batch_size=256 * 1024,
        max_request_size=4 * 1024 * 1024,
    )
    await producer.start()
    gc.collect()
    try:
        started = perf_counter()
        await asyncio.gather(*[await producer.send(**message) for message in sample])
        return len(sample) / (perf_counter() - started)
    finally:
        await producer.stop()


def _encoded(message: Outgoing) -> Encoded:
    return {
        "topic": message.topic,
        "value": message.value.encode(),
        "key": message.key.encode(),
        "headers": [(name, text.encode()) for name, text in message.headers.items()],
    }
