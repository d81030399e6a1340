"""A command and its outcome through two services, and two bare messages beside it."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Final, TypeAlias

from benchmarks.clients import (
    BACK,
    KEPT_BACK,
    KEPT_THERE,
    THERE,
    Keep,
    keep_nothing,
    new_consumer,
    new_keep,
    new_producer,
    running_delivery,
)
from benchmarks.report import Figure, Rounds, in_turns, percentile
from benchmarks.samples import request, transfer
from benchmarks.stores import BenchmarkStore, new_store
from contracts.gateway import Outcome
from contracts.ids import new_id
from contracts.topics import GATEWAY_OUTCOMES, Topic
from messaging.topics import apply
from storage.work import SqlWork
from testkit.postgres import PostgresServer

Trip: TypeAlias = Callable[[], Awaitable[None]]

START_S: Final = 30.0
TRIP_LASTS_AT_MOST_S: Final = 10.0


async def measure(
    bootstrap_servers: str, postgres: PostgresServer, *, rounds: int, trips: int
) -> list[Figure]:
    """One trip after the other, nothing else under way; asking and answering are two processes."""
    ours_ms: list[float] = []
    bare_ms: list[float] = []
    kept_ms: list[float] = []
    await apply(bootstrap_servers, (THERE, BACK, KEPT_THERE, KEPT_BACK))
    async with (
        new_store(postgres, "ledger") as answering,
        new_store(
            postgres, "gateway", outcomes=GATEWAY_OUTCOMES, reply_partition=lambda: 0
        ) as asking,
        _answering(bootstrap_servers, answering.db.url),
        _services(bootstrap_servers, asking) as ours,
        _bare(bootstrap_servers, THERE, BACK, keep_nothing) as bare,
        new_keep(asking.db.url) as keep,
        _bare(bootstrap_servers, KEPT_THERE, KEPT_BACK, keep) as kept,
    ):
        beside_bare = await in_turns(
            rounds,
            lambda: _median_ms(ours, trips, ours_ms),
            lambda: _median_ms(bare, trips, bare_ms),
        )
        beside_kept = await in_turns(
            rounds,
            lambda: _median_ms(ours, trips, []),
            lambda: _median_ms(kept, trips, kept_ms),
        )
    figures = _ratios(beside_bare, beside_kept)
    timed = {"roundtrip": ours_ms, "roundtrip_bare": bare_ms, "roundtrip_kept": kept_ms}
    for name, times_ms in timed.items():
        # The first round has warmed up.
        figures += [
            Figure(
                name=f"{name}_p{percent}", value=percentile(times_ms[trips:], percent), unit="ms"
            )
            for percent in (50, 99)
        ]
    return figures


def _ratios(beside_bare: Rounds, beside_kept: Rounds) -> list[Figure]:
    return [
        Figure(
            name="roundtrip_vs_bare",
            value=beside_bare.ratio,
            unit="ratio of p50",
            baseline="bare aiokafka: produce, consume, produce, consume",
            aim="<= 3",
        ),
        Figure(
            name="roundtrip_vs_kept",
            value=beside_kept.ratio,
            unit="ratio of p50",
            baseline="the same, with one row committed where ours commits: three transactions",
        ),
    ]


async def _median_ms(trip: Trip, trips: int, all_ms: list[float]) -> float:
    times_ms = []
    for _ in range(trips):
        started = perf_counter()
        async with asyncio.timeout(TRIP_LASTS_AT_MOST_S):
            await trip()
        times_ms.append((perf_counter() - started) * 1_000)
    all_ms += times_ms
    return percentile(times_ms, 50)


@asynccontextmanager
async def _services(bootstrap_servers: str, store: BenchmarkStore) -> AsyncIterator[Trip]:
    """The one that asks. A trip ends after the transaction that records its outcome."""
    recorded = asyncio.Event()

    async def record(outcome: Outcome, work: SqlWork) -> None:
        assert outcome.state == "succeeded", outcome
        work.answered(outcome.command_id)

    async def trip() -> None:
        async with store.store.begin() as transaction, transaction.work(request()) as work:
            work.ask(transfer(), command_id=new_id())
        await recorded.wait()
        recorded.clear()

    async with running_delivery(
        bootstrap_servers, store, GATEWAY_OUTCOMES, {Outcome: record}, after_commit=recorded.set
    ):
        yield trip


@asynccontextmanager
async def _bare(
    bootstrap_servers: str, there: Topic, back: Topic, keep: Keep
) -> AsyncIterator[Trip]:
    """The same bodies, and no promise about them."""
    body = transfer().model_dump_json().encode()
    async with (
        new_producer(bootstrap_servers) as producer,
        new_consumer(bootstrap_servers, back) as outcomes,
    ):

        async def trip() -> None:
            await keep(body)
            await producer.send_and_wait(there.name, body)
            await keep((await outcomes.getone()).value)

        yield trip


@asynccontextmanager
async def _answering(bootstrap_servers: str, database_url: str) -> AsyncIterator[None]:
    """The process that answers, both ways."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks.answering", bootstrap_servers, database_url),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    try:
        async with asyncio.timeout(START_S):
            assert await process.stdout.readline(), "the process that answers has ended"
        yield
    finally:
        process.stdin.close()
        await process.wait()
