"""One deed for each power of a broker: True when the broker was seen to have it."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, NoError, for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.protocol.transaction import InitProducerIdRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from contracts.topics import Topic
from messaging.topics import apply
from testkit.probe_member import SESSION_MS, member_of
from testkit.waiting import until

RECORDS: Final = 500
FETCH_WAIT_MS: Final = 600
QUIET_MS: Final = 500
READ_S: Final = 10.0
RETRY_S: Final = 0.1
_EVICTION_S: Final = SESSION_MS / 1000 + 8


@dataclass(frozen=True)
class Site:
    """A broker, and a topic of two partitions for one check alone."""

    bootstrap_servers: str
    topic: str

    @classmethod
    @asynccontextmanager
    async def at(cls, bootstrap_servers: str) -> "AsyncIterator[Site]":
        """The topic is gone afterwards."""
        topic = Topic(name=f"probe.{uuid4().hex}", owner="probe", partitions=2)
        await apply(bootstrap_servers, [topic], in_memory=True)
        try:
            yield cls(bootstrap_servers, topic.name)
        finally:
            await _delete(bootstrap_servers, topic.name)

    @property
    def place(self) -> TopicPartition:
        """The first partition."""
        return TopicPartition(self.topic, 0)

    @asynccontextmanager
    async def producer(self, **options: Any) -> AsyncIterator[AIOKafkaProducer]:
        """A producer that waits for all acknowledgements."""
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap_servers, acks="all", **options)
        async with producer:
            yield producer

    @asynccontextmanager
    async def reader(self, **options: Any) -> AsyncIterator[AIOKafkaConsumer]:
        """A consumer without a group, at the start of the first partition."""
        reader = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap_servers, auto_offset_reset="earliest", **options
        )
        async with reader:
            reader.assign([self.place])
            yield reader

    @asynccontextmanager
    async def client(self) -> AsyncIterator[tuple[AIOKafkaClient, int]]:
        """A client for bare requests, and the node that leads the first partition."""
        client = AIOKafkaClient(bootstrap_servers=self.bootstrap_servers)
        try:
            await client.bootstrap()
            client.add_topic(self.topic)

            async def has_leader() -> bool:
                await client.force_metadata_update()
                return client.cluster.leader_for_partition(self.place) not in (None, -1)

            await until(has_leader)
            yield client, client.cluster.leader_for_partition(self.place)
        finally:
            await client.close()

    @asynccontextmanager
    async def mortal(self) -> AsyncIterator[Process]:
        """A process that has joined the group of the topic."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "testkit.probe_member", self.bootstrap_servers, self.topic,
            stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL,
        )  # fmt: skip
        assert process.stdout
        try:
            await process.stdout.readline()
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def groups(site: Site) -> bool:
    """Two members share the partitions, and a successor goes on where one of them stopped."""
    async with AsyncExitStack() as stack:
        producer = await stack.enter_async_context(site.producer())
        async with member_of(site.bootstrap_servers, site.topic) as first:
            async with member_of(site.bootstrap_servers, site.topic) as second:
                await until(lambda: len(first.assignment()) == len(second.assignment()) == 1)
                if first.assignment() == second.assignment():
                    return False
            await until(lambda: len(first.assignment()) == 2)
            await producer.send_and_wait(site.topic, b"old", partition=0)
            old = await first.getone()
            await first.commit()
        await producer.send_and_wait(site.topic, b"new", partition=0)
        async with member_of(site.bootstrap_servers, site.topic) as successor:
            new = await successor.getone()
        return [old.value, new.value] == [b"old", b"new"]


async def evicts_dead_members(site: Site) -> bool:
    """A process in the group is killed, and the survivor gets its partition."""
    async with site.mortal() as dead, member_of(site.bootstrap_servers, site.topic) as survivor:
        await until(lambda: len(survivor.assignment()) == 1)
        dead.kill()
        await until(lambda: len(survivor.assignment()) == 2, at_most_s=_EVICTION_S)
        return True


async def idempotence(site: Site) -> bool:
    """The same batch is sent twice, as after a lost answer, and then the next one."""
    async with site.client() as (client, node):
        identity = await _identity(client, node)
        for sequence in (0, 0, 1):
            batch = DefaultRecordBatchBuilder(
                magic=2,
                compression_type=0,
                is_transactional=0,
                producer_id=identity.producer_id,
                producer_epoch=identity.producer_epoch,
                base_sequence=sequence,
                batch_size=1_024,
            )
            batch.append(0, int(monotonic() * 1000), b"k", b"v", [])
            data = bytes(batch.build())
            await client.send(node, ProduceRequest(None, -1, 5_000, [(site.topic, [(0, data)])]))
    async with site.reader() as reader:
        return bool((await reader.end_offsets([site.place]))[site.place] == 2)


async def read_committed(site: Site) -> bool:
    """One transaction is aborted, one committed, one open when somebody reads."""
    async with (
        site.producer(transactional_id=site.topic) as producer,
        site.reader(isolation_level="read_committed") as reader,
    ):

        async def write(value: bytes) -> None:
            await producer.begin_transaction()
            await producer.send_and_wait(site.topic, value, partition=0)

        await write(b"aborted")
        await producer.abort_transaction()
        await write(b"kept")
        await producer.commit_transaction()
        await write(b"open")
        seen = await _values(reader, 1) + await _fetched(reader)
        await producer.abort_transaction()
        if seen != [b"kept"]:
            return False
        await write(b"last")
        await producer.commit_transaction()
        return await _values(reader, 1) == [b"last"]


async def long_polls(site: Site) -> bool:
    """An empty partition is fetched once."""
    async with site.client() as (client, node):
        request = FetchRequest(FETCH_WAIT_MS, 1, 65_536, 0, [(site.topic, [(0, 0, 65_536)])])
        started = monotonic()
        await client.send(node, request)
        return monotonic() - started >= 0.8 * FETCH_WAIT_MS / 1000


async def keeps_acknowledged_records(site: Site, restart: Callable[[], None] | None) -> bool:
    """The broker is killed right after it has acknowledged the last of some records."""
    assert restart, "a broker that nobody may kill can't show that it survives"
    values = [b"%d" % n for n in range(RECORDS)]
    async with site.producer() as producer:
        sent = [await producer.send(site.topic, value, partition=0) for value in values]
        await asyncio.gather(*sent)
    await asyncio.to_thread(restart)
    async with site.reader() as reader:
        end = (await reader.end_offsets([site.place]))[site.place]
        return bool(end == len(values)) and await _values(reader, end) == values


async def _values(reader: AIOKafkaConsumer, count: int) -> list[bytes]:
    """So many values or more, as soon as they are there; fewer when they don't come."""
    found: list[bytes] = []
    deadline = monotonic() + READ_S
    while len(found) < count and monotonic() < deadline:
        found += await _fetched(reader)
    return found


async def _fetched(reader: AIOKafkaConsumer) -> list[bytes]:
    """What the next fetch brings; after a while, nothing."""
    fetched = await reader.getmany(timeout_ms=QUIET_MS)
    return [record.value for records in fetched.values() for record in records]


async def _delete(bootstrap_servers: str, topic: str) -> None:
    """The topics of a probe are small; a broker that can't delete them may keep them."""
    try:
        async with asyncio.timeout(5), AsyncExitStack() as stack:
            client = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
            stack.push_async_callback(client.close)
            await client.start()
            await client.delete_topics([topic])
    except (KafkaError, OSError, TimeoutError):
        return


async def _identity(client: AIOKafkaClient, node: int) -> Any:
    """A producer's id and epoch; a broker that has just started is still loading them."""
    while True:
        identity = await client.send(node, InitProducerIdRequest(None, 60_000))
        error: type[KafkaError] = for_code(identity.error_code)
        if error is NoError:
            return identity
        if not error.retriable:
            raise error
        await asyncio.sleep(RETRY_S)
