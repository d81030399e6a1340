"""The three processes, their databases and their load, under one roof."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Final, Self

from sqlalchemy import MetaData, insert

from storage.database import Database
from testkit.waiting import in_background, until
from tests.faults.delivery import tables
from tests.faults.delivery.breaking import Faults
from tests.faults.delivery.evidence import Evidence, Stores
from tests.faults.delivery.load import Load
from tests.faults.delivery.member import Orders
from tests.faults.delivery.messages import COUNTERS
from tests.faults.delivery.process import Process
from tests.faults.delivery.roles import ROLES
from tests.faults.delivery.verdict import complaints

REST_S: Final = 100.0
"""How long everything may take to come to rest after the last command was accepted."""

BOUND_BYTES: Final = 256 * 1024 * 1024
"""No process may use more memory than this, however much waits for it."""

LOOK_EVERY_S: Final = 0.2


@dataclass(kw_only=True)
class System:
    """Gateway, ledger and catalog on three databases and one broker.

    `urls` are the databases by process; `detours` lead the processes another way to what is named:
    to a database, or to `kafka`.
    """

    seed: int
    folder: Path
    bootstrap_servers: str
    urls: Mapping[str, str]
    detours: Mapping[str, str] = field(default_factory=dict)
    random: Random = field(init=False)
    processes: dict[str, Process] = field(default_factory=dict)
    rested_after_s: float = 0.0
    copies_replaced: int = 0

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        databases = {name: Database(url) for name, url in self.urls.items()}
        self.stores = Stores(**databases)
        self.load = Load(db=self.stores.gateway, random=Random(self.seed))
        for role in ROLES:
            self.add(role, role)

    @property
    def gateway(self) -> Process:
        return self.processes["gateway"]

    @property
    def ledger(self) -> Process:
        return self.processes["ledger"]

    @property
    def catalog(self) -> Process:
        return self.processes["catalog"]

    def add(self, name: str, role: str, instance: str | None = "1") -> Process:
        """One more process, not started yet."""
        orders = Orders(
            role=role,
            database_url=self.detours.get(role, self.urls[role]),
            ledger_url=self.detours.get("ledger", self.urls["ledger"]),
            bootstrap_servers=self.detours.get("kafka", self.bootstrap_servers),
            instance=instance,
        )
        process = Process(name=name, orders=orders, log=self.folder / f"{name}.log")
        self.processes[name] = process
        return process

    def start(self, **faults: Faults) -> None:
        """Start all processes, each with its faults, if there are any."""
        for name, process in self.processes.items():
            process.start(faults.get(name))

    def rebuild_no_log(self) -> None:
        """From their start on, relays publish nothing again when a log is lost."""
        for process in self.processes.values():
            process.orders = replace(process.orders, replay_window_s=0.0)

    async def __aenter__(self) -> Self:
        for role, db in vars(self.stores).items():
            await _make_tables(db, ROLES[role].metadata)
        async with self.stores.ledger.write() as connection:
            rows = [{"counter": counter, "total": 0, "version": 0} for counter in COUNTERS]
            await connection.execute(insert(tables.counters), rows)
        return self

    async def __aexit__(self, *_: object) -> None:
        for process in self.processes.values():
            process.kill()
        for db in vars(self.stores).values():
            await db.close()

    @asynccontextmanager
    async def under_load(self, count: int) -> AsyncIterator[None]:
        """So many commands are accepted while the block does harm; it ends when both are done."""
        loading = asyncio.create_task(self.load.accept(count))
        async with in_background(self._watch()):
            try:
                yield
                await loading
            finally:
                loading.cancel()
                await asyncio.gather(loading, return_exceptions=True)

    async def has_heard(self, count: int) -> None:
        """Return when so many outcomes have come."""

        async def heard() -> bool:
            return await self.stores.heard() >= count

        await until(heard, at_most_s=REST_S)

    async def has_heard_in(self, pid: int, count: int) -> None:
        """Return when so many outcomes have come to this process of the gateway."""

        async def heard() -> bool:
            return await self.stores.heard(in_process=pid) >= count

        await until(heard, at_most_s=REST_S)

    async def has_accepted(self, count: int) -> None:
        """Return when so many commands are accepted."""
        await until(lambda: len(self.load.accepted) >= count, at_most_s=REST_S)

    async def has_sent_everything(self) -> None:
        """Return when all outboxes are empty."""

        async def sent() -> bool:
            return not any((await self.stores.unsent()).values())

        await until(sent, at_most_s=REST_S)

    async def keeps_its_promise(
        self,
        *,
        poison: Mapping[str, int] | None = None,
        lost: Mapping[str, int] | None = None,
        is_log_whole: bool = True,
        is_in_order: bool = True,
        at_most_s: float = REST_S,
    ) -> Evidence:
        """Wait until nothing moves any more. Raises AssertionError with all that is wrong."""
        clock = asyncio.get_running_loop().time
        started = clock()
        async with in_background(self._watch()):
            with suppress(TimeoutError):  # the verdict says what is missing
                await until(self._is_at_rest, at_most_s=at_most_s)
        self.rested_after_s = clock() - started
        evidence = await self.stores.read(self.bootstrap_servers, set(self.load.accepted))
        self.copies_replaced = len(evidence.replaced)
        wrong = complaints(
            evidence,
            poison=poison,
            lost=lost,
            is_log_whole=is_log_whole,
            is_in_order=is_in_order,
        )
        wrong += self._too_large()
        assert not wrong, "\n".join([f"seed {self.seed}:", *wrong, *self._last_words()])
        return evidence

    async def _is_at_rest(self) -> bool:
        await asyncio.sleep(LOOK_EVERY_S)
        return await self.stores.is_at_rest()

    async def _watch(self) -> None:
        while True:
            for process in self.processes.values():
                process.look()
            await asyncio.sleep(LOOK_EVERY_S)

    def _too_large(self) -> list[str]:
        return [
            f"{process.name} has used {process.peak_bytes} bytes, more than {BOUND_BYTES}"
            for process in self.processes.values()
            if process.peak_bytes > BOUND_BYTES
        ]

    def _last_words(self) -> list[str]:
        return [f"--- {p.name}\n{p.last_words()}" for p in self.processes.values()]

    def summary(self) -> str:
        """One line for people."""
        load = self.load
        peaks = ", ".join(f"{p.name} {p.peak_bytes >> 20}" for p in self.processes.values())
        return (
            f"seed {self.seed}: accepted {len(load.accepted):,} commands in {load.lasted_s:.1f} s:"
            f" {load.rate:.0f}/s; at rest {self.rested_after_s:.1f} s later;"
            f" {self.copies_replaced} copies went on from an answer of the owner; MB: {peaks}"
        )


async def _make_tables(db: Database, metadata: MetaData) -> None:
    async with db.write() as connection:
        await connection.run_sync(metadata.create_all)
