"""Transfers per second of the whole path: from the topic of commands to events and outcomes."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from time import perf_counter
from typing import Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from benchmarks.ledger_samples import Customer, transfers
from benchmarks.ledger_server import Servers
from benchmarks.ledger_store import WARM_UP, LedgerStore, open_store, postings
from benchmarks.samples import outgoing
from contracts.ledger import PostTransaction
from contracts.topics import GATEWAY_OUTCOMES, LEDGER_EVENTS, Topic
from ledger.entrypoints import kafka
from ledger.entrypoints.problems import PROBLEMS
from messaging.broker import LongPollBroker
from messaging.consumer import BatchConsumer
from messaging.delivery import Delivery
from messaging.garbage import spare_the_collector
from messaging.records import Decoded
from messaging.relay import Relay
from messaging.store import LogEnds, Parcel
from messaging.subscriber import Subscription
from storage.outbox import SqlOutbox

LASTS_AT_MOST_S: Final = 300.0


@dataclass(kw_only=True)
class Finish:
    """The clock: it runs from the commit of the `warm_up` to the last message's mark as sent."""

    warm_up: int
    last: int
    committed: int = 0
    sent: int = 0
    started_at: int = 0
    started: float = 0.0
    ended: float = 0.0
    is_over: asyncio.Event = field(default_factory=asyncio.Event)

    def add_committed(self, count: int) -> None:
        """So many transfers have been decided and written."""
        self.committed += count
        if not self.started and self.committed >= self.warm_up:
            self.started, self.started_at = perf_counter(), self.committed

    def add_sent(self, count: int) -> None:
        """So many messages, an event and an outcome of each transfer, are in the log."""
        self.sent += count
        if self.sent >= 2 * self.last:
            self.ended = perf_counter()
            self.is_over.set()

    @property
    def rate(self) -> float:
        """Transfers/s while the clock ran."""
        return (self.last - self.started_at) / (self.ended - self.started)


class CountedOutbox(SqlOutbox):
    """The store's outbox, which tells the clock what has been marked as sent."""

    def __init__(self, store: LedgerStore, finish: Finish) -> None:
        super().__init__(store.db, store.store.tables, store.store.fresh)
        self._finish = finish
        self._messages: dict[int, int] = {}

    async def unsent(self, limit: int) -> list[Parcel]:
        """See messaging.store.Outbox."""
        parcels = await super().unsent(limit)
        self._messages.update((parcel.id, len(parcel.messages)) for parcel in parcels)
        return parcels

    async def mark_sent(self, ids: Sequence[int], log_ends: LogEnds) -> None:
        """See messaging.store.Outbox."""
        await super().mark_sent(ids, log_ends)
        self._finish.add_sent(sum(self._messages.pop(id_) for id_ in ids))


async def rate(servers: Servers, book: str, people: Sequence[Customer], count: int) -> float:
    """Transfers/s in a copy of `book`, of commands that are in their topic before it begins."""
    bootstrap_servers = servers.kafka.bootstrap_servers
    announced = (LEDGER_EVENTS, GATEWAY_OUTCOMES)
    await _fill(bootstrap_servers, islice(transfers(people), WARM_UP + count))
    before = await _records_in(bootstrap_servers, announced)
    finish = Finish(warm_up=WARM_UP, last=WARM_UP + count)
    async with servers.database(template=book) as database:
        async with open_store(servers, database) as store:
            posted = -await postings(servers, database)
            await servers.settle()
            spare_the_collector(kafka.BATCH)
            async with asyncio.timeout(LASTS_AT_MOST_S), _running(servers, store, finish):
                await finish.is_over.wait()
        posted += await postings(servers, database)
    assert posted == finish.last, f"{posted} of {finish.last} transfers were posted"
    sent = await _records_in(bootstrap_servers, announced) - before
    assert sent == 2 * finish.last, f"{sent} messages are in the log, not {2 * finish.last}"
    return finish.rate


@asynccontextmanager
async def _running(servers: Servers, store: LedgerStore, finish: Finish) -> AsyncIterator[None]:
    """The parts of the service that move its messages, wired as web.service does it."""
    name, bootstrap_servers = store.store.name, servers.kafka.bootstrap_servers
    consumer = BatchConsumer(
        name=name, store=store.store, handlers=kafka.HANDLERS, problems=PROBLEMS
    )

    async def consume(decoded: Sequence[Decoded]) -> None:
        await consumer.apply(decoded)
        finish.add_committed(len(decoded))

    broker = LongPollBroker(bootstrap_servers, name=name)
    subscription = Subscription(
        broker,
        kafka.TOPICS,
        group=name,
        decode=consumer.decode,
        consume=consume,
        max_records=kafka.BATCH,
    )
    relay = Relay(
        bootstrap_servers=bootstrap_servers,
        outbox=CountedOutbox(store, finish),
        wake=store.outbox_wake,
    )
    async with Delivery(
        broker=broker, subscription=subscription, relay=relay, loops=store.loops
    ).running():
        yield


async def _fill(bootstrap_servers: str, commands: Iterable[PostTransaction]) -> None:
    """As the gateway sends them: with a trace, an actor, a reply address, and one id for both."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers, max_batch_size=256 * 1024, linger_ms=5
    )
    await producer.start()
    try:
        for command in commands:
            message = outgoing(command, id=command.transaction_id)
            await producer.send(
                message.topic,
                value=message.value.encode(),
                key=message.key.encode(),
                headers=[(name, text.encode()) for name, text in message.headers.items()],
            )
        await producer.flush()
    finally:
        await producer.stop()


async def _records_in(bootstrap_servers: str, topics: Iterable[Topic]) -> int:
    places = [
        TopicPartition(topic.name, partition)
        for topic in topics
        for partition in range(topic.partitions)
    ]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers)
    await consumer.start()
    try:
        return sum((await consumer.end_offsets(places)).values())
    finally:
        await consumer.stop()
