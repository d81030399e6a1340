"""A command and its outcome through two services, and two bare messages beside it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any, Final, TypeAlias
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from benchmarks.report import Figure, in_turns, percentile
from benchmarks.samples import posted, request, transfer, view
from benchmarks.stores import BenchmarkStore, new_store
from contracts.gateway import Outcome
from contracts.ids import new_id
from contracts.ledger import PostTransaction, TransactionView
from contracts.topics import GATEWAY_OUTCOMES, LEDGER_COMMANDS, Topic
from messaging.broker import LongPollBroker
from messaging.consumer import BatchConsumer
from messaging.delivery import Delivery, NotReady
from messaging.relay import Relay
from messaging.subscriber import Subscription
from messaging.topics import apply
from messaging.work import Handlers
from storage.work import SqlWork
from testkit.postgres import PostgresServer
from testkit.waiting import until

Trip: TypeAlias = Callable[[], Awaitable[None]]

THERE: Final = Topic(name="benchmark.there.v1", owner="benchmark")
BACK: Final = Topic(name="benchmark.back.v1", owner="benchmark")
TRIP_LASTS_AT_MOST_S: Final = 10.0


async def measure(
    bootstrap_servers: str, postgres: PostgresServer, *, rounds: int, trips: int
) -> list[Figure]:
    """One trip after the other, nothing else under way; all clients share this process."""
    ours_ms: list[float] = []
    bare_ms: list[float] = []
    async with (
        _services(bootstrap_servers, postgres) as ours,
        _bare(bootstrap_servers) as bare,
    ):
        taken = await in_turns(
            rounds,
            lambda: _median_ms(ours, trips, ours_ms),
            lambda: _median_ms(bare, trips, bare_ms),
        )
    timed = {"roundtrip": ours_ms[trips:], "roundtrip_bare": bare_ms[trips:]}
    return [
        Figure(
            name="roundtrip_vs_bare",
            value=taken.ratio,
            unit="ratio of p50",
            baseline="bare aiokafka: produce, consume, produce, consume",
            aim="<= 3",
        ),
        *(
            Figure(name=f"{name}_p{percent}", value=percentile(times, percent), unit="ms")
            for name, times in timed.items()
            for percent in (50, 99)
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
async def _services(bootstrap_servers: str, postgres: PostgresServer) -> AsyncIterator[Trip]:
    """One that asks and one that answers, each with its store, relay and subscription.

    A trip begins with the command's transaction and ends after the one that records its outcome.
    """
    recorded = asyncio.Event()

    async def answer(command: PostTransaction, work: SqlWork) -> TransactionView:
        work.announce(posted(command), version=1)
        return view(command)

    async def record(outcome: Outcome, work: SqlWork) -> None:
        assert outcome.state == "succeeded", outcome
        work.answered(outcome.command_id)

    async with (
        new_store(postgres, "ledger") as owner,
        new_store(
            postgres, "gateway", outcomes=GATEWAY_OUTCOMES, reply_partition=lambda: 0
        ) as asker,
        _delivery(bootstrap_servers, owner, LEDGER_COMMANDS, {PostTransaction: answer}),
        _delivery(
            bootstrap_servers, asker, GATEWAY_OUTCOMES, {Outcome: record}, after_commit=recorded.set
        ),
    ):

        async def trip() -> None:
            async with asker.store.begin() as transaction, transaction.work(request()) as work:
                work.ask(transfer(), command_id=new_id())
            await recorded.wait()
            recorded.clear()

        yield trip


@asynccontextmanager
async def _delivery(
    bootstrap_servers: str,
    store: BenchmarkStore,
    topic: Topic,
    handlers: Handlers,
    *,
    after_commit: Callable[[], None] = lambda: None,
) -> AsyncIterator[None]:
    name = store.store.name
    consumer = BatchConsumer(
        name=name, store=store.store, handlers=handlers, problems={}, after_commit=after_commit
    )
    broker = LongPollBroker(bootstrap_servers, name=name)
    delivery = Delivery(
        broker=broker,
        subscription=Subscription(broker, [topic], group=name, consume=consumer.consume),
        relay=Relay(
            bootstrap_servers=bootstrap_servers, outbox=store.outbox, wake=store.outbox_wake
        ),
    )
    async with delivery.running():
        await until(lambda: _is_ready(delivery))
        yield


async def _is_ready(delivery: Delivery) -> bool:
    try:
        await delivery.check()
    except NotReady:
        return False
    return True


@asynccontextmanager
async def _bare(bootstrap_servers: str) -> AsyncIterator[Trip]:
    """The same two bodies, with nothing kept anywhere."""
    command = transfer()
    there = command.model_dump_json().encode()
    back = view(command).model_dump_json().encode()
    await apply(bootstrap_servers, (THERE, BACK))
    async with (
        _producer(bootstrap_servers) as asker,
        _producer(bootstrap_servers) as owner,
        _consumer(bootstrap_servers, THERE) as commands,
        _consumer(bootstrap_servers, BACK) as outcomes,
    ):

        async def answer() -> None:
            while True:
                await commands.getone()
                await owner.send_and_wait(BACK.name, back)

        async def trip() -> None:
            await asker.send_and_wait(THERE.name, there)
            await outcomes.getone()

        answering = asyncio.create_task(answer())
        try:
            yield trip
        finally:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)


@asynccontextmanager
async def _producer(bootstrap_servers: str) -> AsyncIterator[Any]:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, enable_idempotence=True)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


@asynccontextmanager
async def _consumer(bootstrap_servers: str, topic: Topic) -> AsyncIterator[Any]:
    consumer = AIOKafkaConsumer(
        topic.name,
        bootstrap_servers=bootstrap_servers,
        group_id=f"benchmark.{uuid4().hex}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        await consumer.seek_to_end()
        yield consumer
    finally:
        await consumer.stop()
