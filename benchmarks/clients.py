"""What both sides of a round trip are made of: bare clients, and a service's delivery."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from sqlalchemy.engine import make_url

from benchmarks.stores import BenchmarkStore
from contracts.topics import Topic
from messaging.broker import LongPollBroker
from messaging.consumer import BatchConsumer
from messaging.delivery import Delivery, NotReady
from messaging.relay import Relay
from messaging.subscriber import Subscription
from messaging.work import Handlers
from testkit.waiting import until

THERE: Final = Topic(name="benchmark.there.v1", owner="benchmark")
BACK: Final = Topic(name="benchmark.back.v1", owner="benchmark")
KEPT_THERE: Final = Topic(name="benchmark.kept.there.v1", owner="benchmark")
KEPT_BACK: Final = Topic(name="benchmark.kept.back.v1", owner="benchmark")

Keep: TypeAlias = Callable[[bytes], Awaitable[None]]


@asynccontextmanager
async def running_delivery(
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
        subscription=Subscription(
            broker, [topic], group=name, decode=consumer.decode, consume=consumer.apply
        ),
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


async def keep_nothing(_body: bytes) -> None:
    """What a bare trip does with what it sends and receives."""


@asynccontextmanager
async def new_keep(database_url: str) -> AsyncIterator[Keep]:
    """Keeps each body in a row, in a transaction of its own: the least that a service does."""
    url = make_url(database_url).set(drivername="postgresql")
    connection = await asyncpg.connect(url.render_as_string(hide_password=False))
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS kept (id bigserial PRIMARY KEY, body bytea NOT NULL)"
    )

    async def keep(body: bytes) -> None:
        async with connection.transaction():
            await connection.execute("INSERT INTO kept (body) VALUES ($1)", body)

    try:
        yield keep
    finally:
        await connection.close()


@asynccontextmanager
async def new_producer(bootstrap_servers: str) -> AsyncIterator[Any]:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, enable_idempotence=True)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


@asynccontextmanager
async def new_consumer(bootstrap_servers: str, topic: Topic) -> AsyncIterator[Any]:
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
