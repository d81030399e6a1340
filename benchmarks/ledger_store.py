"""Transfers per second of the ledger's store alone: commands decoded, nothing read from a log."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from time import perf_counter
from typing import Any, Final, TypeAlias, TypeVar

import psutil

from benchmarks.ledger_samples import Customer, openings, received, transfers
from benchmarks.ledger_server import Servers
from contracts.ledger import LedgerCommand
from ledger.adapters.delivery import open_delivery_store
from ledger.adapters.work import BookWork
from ledger.application.post_many import post_many
from ledger.entrypoints.kafka import BATCH, HANDLERS
from ledger.entrypoints.problems import PROBLEMS
from ledger.settings import LedgerSettings
from messaging.consumer import AT_ONCE, BatchConsumer
from messaging.garbage import spare_the_collector
from messaging.records import Received
from messaging.runs import fingerprints_of
from servers.postgres import execute
from storage.delivery_store import SqlDeliveryStore
from storage.migrations import upgrade
from storage.work import SqlWork

T = TypeVar("T")

LedgerStore: TypeAlias = SqlDeliveryStore[SqlWork]
Apply: TypeAlias = Callable[[LedgerStore, Sequence[Received]], Awaitable[None]]

BOOK: Final = "main"
SCHEME: Final = "postgresql+asyncpg"
WARM_UP: Final = 20_000
"""Transfers before the clock starts: afterwards the accounts are in memory, as in a service."""

MIB: Final = 2**20


@asynccontextmanager
async def open_store(servers: Servers, database: str) -> AsyncIterator[LedgerStore]:
    """The service's own store on that database, with nothing in memory yet."""
    store = open_delivery_store(servers.postgres.url(database, scheme=SCHEME))
    try:
        yield store
    finally:
        await store.close()


async def new_book(servers: Servers, people: Sequence[Customer]) -> str:
    """A database with the ledger's tables, and an account with money for each; its name."""
    database = await servers.create_database()
    migrations = LedgerSettings.model_fields["migrations"].default
    await asyncio.to_thread(upgrade, servers.postgres.url(database, scheme=SCHEME), migrations)
    async with open_store(servers, database) as store:
        for batch in in_batches(received(command) for command in openings(people)):
            await apply(store, batch)
    # Nobody waits for what the openings announce.
    for statement in ("TRUNCATE outbox", "VACUUM ANALYZE"):
        await execute(servers.postgres.url(database), statement)
    return database


async def apply(store: LedgerStore, batch: Sequence[Received]) -> None:
    """What the consumer does with a batch that it has decoded."""
    consumer = BatchConsumer(name="ledger", store=store.store, handlers=HANDLERS, problems=PROBLEMS)
    await consumer.apply(batch)


async def append(store: LedgerStore, batch: Sequence[Received]) -> None:
    """The same without what goes out: nothing is announced, and nobody is answered."""
    async with store.store.begin() as transaction:
        await transaction.expect([item.message for item in batch])
        known = await transaction.received([item.envelope.id for item in batch])
        assert not known, "each command is new"
        for start in range(0, len(batch), AT_ONCE):
            some = batch[start : start + AT_ONCE]
            async with transaction.work(some[0].envelope) as work:
                assert isinstance(work, BookWork)
                commands: list[Any] = [item.message for item in some]
                posted = post_many(commands, work.book(BOOK))
            assert len(posted) == len(some), "only transfers are measured, and none is refused"
            for fingerprint, one in zip(fingerprints_of(some), posted, strict=True):
                one.fingerprint = bytes.fromhex(fingerprint)
            await transaction.go_ahead()


async def rate(
    servers: Servers,
    book: str,
    people: Sequence[Customer],
    count: int,
    *,
    hot: bool = False,
    handle: Apply = append,
) -> float:
    """Transfers/s in a copy of `book`, with a store of its own."""
    async with servers.database(template=book) as database:
        seconds = await seconds_for(servers, database, people, count, hot=hot, handle=handle)
    return count / seconds


async def seconds_for(
    servers: Servers,
    database: str,
    people: Sequence[Customer],
    count: int,
    *,
    hot: bool = False,
    handle: Apply = append,
) -> float:
    """How long `count` transfers take in that database, after as many as warm it up."""
    commands = transfers(people, hot=hot)
    warm_up, batches = ready(commands, WARM_UP), ready(commands, count)
    before = await postings(servers, database)
    async with open_store(servers, database) as store:
        for batch in warm_up:
            await handle(store, batch)
        await servers.settle()
        _forget_what_is_ready()
        started = perf_counter()
        for batch in batches:
            await handle(store, batch)
        seconds = perf_counter() - started
    posted = await postings(servers, database) - before
    assert posted == WARM_UP + count, f"{posted} of {WARM_UP + count} transfers were posted"
    return seconds


async def memory_after(
    servers: Servers, book: str, people: Sequence[Customer], *, first: int, last: int
) -> float:
    """By how many MiB this process has grown between so many transfers and so many."""
    commands = transfers(people)
    async with (
        servers.database(template=book) as database,
        open_store(servers, database) as store,
    ):
        await _apply_all(store, commands, first)
        before = _resident_mib()
        await _apply_all(store, commands, last - first)
        return _resident_mib() - before


async def postings(servers: Servers, database: str) -> int:
    """How many transactions have moved money. Raises AssertionError when any was made or lost."""
    [row] = await execute(
        servers.postgres.url(database),
        "SELECT postings, (SELECT sum(posted) FROM accounts) AS balance FROM books",
    )
    assert row["balance"] == 0, f"the trial balance is {row['balance']}"
    return int(row["postings"])


def ready(commands: Iterator[LedgerCommand], count: int) -> list[list[Received]]:
    """The next `count` commands as they come from the decoder, in the service's batches."""
    return list(in_batches(received(command) for command in islice(commands, count)))


def in_batches(items: Iterable[T]) -> Iterator[list[T]]:
    """As many in each as the service takes at once."""
    left = iter(items)
    while batch := list(islice(left, BATCH)):
        yield batch


async def _apply_all(store: LedgerStore, commands: Iterator[LedgerCommand], count: int) -> None:
    for batch in in_batches(received(command) for command in islice(commands, count)):
        await apply(store, batch)


def _forget_what_is_ready() -> None:
    """The collector would look through the commands that wait; a service has none of them."""
    gc.unfreeze()
    spare_the_collector(BATCH)


def _resident_mib() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss / MIB)
