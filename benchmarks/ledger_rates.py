"""What `bench-ledger` measures, and in which order."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from benchmarks import ledger_path, ledger_store
from benchmarks.ledger_baselines import PgBench, one_by_one_rate
from benchmarks.ledger_growth import grown_book
from benchmarks.ledger_samples import Customer, customers
from benchmarks.ledger_server import Servers
from benchmarks.report import Figure

Measure: TypeAlias = Callable[[], Awaitable[float]]

FIRST: Final = 100_000
"""Transfers after which memory is looked at first; and entries of the book that hasn't grown."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """All who are measured on the same servers. `count` transfers or so many `seconds` a round."""

    servers: Servers
    people: Sequence[Customer]
    book: str
    pgbench: PgBench
    count: int
    seconds: int

    @classmethod
    async def opened(cls, servers: Servers, *, count: int, seconds: int) -> "Bench":
        """With accounts that have money, and pgbench's tables."""
        people = customers()
        return cls(
            servers=servers,
            people=people,
            book=await ledger_store.new_book(servers, people),
            pgbench=await PgBench.prepared(servers),
            count=count,
            seconds=seconds,
        )

    @property
    def rates(self) -> dict[str, Measure]:
        """By name, in transfers (or transactions) per second."""
        book = (self.servers, self.book, self.people, self.count)
        return {
            "pgbench": self._pgbench,
            "store": lambda: ledger_store.rate(*book),
            "store_with_outbox": lambda: ledger_store.rate(*book, handle=ledger_store.apply),
            "hot": lambda: ledger_store.rate(*book, hot=True),
            "path": lambda: ledger_path.rate(*book),
            "one_by_one": self._one_by_one,
        }

    async def growth(self, entries: int) -> dict[str, Measure]:
        """The same store on a book with 100,000 entries, and on one with so many more."""
        small, large = [
            await grown_book(self.servers, self.book, self.people, entries=some)
            for some in (FIRST, entries)
        ]
        args = (self.people, self.count)

        async def on_the_large_one() -> float:
            return self.count / await ledger_store.seconds_for(self.servers, large, *args)

        return {
            "small": lambda: ledger_store.rate(self.servers, small, *args),
            "large": on_the_large_one,
        }

    async def memory(self, most: int) -> Figure:
        """How the process that posts has grown from 100,000 transfers to `most`."""
        grown = await ledger_store.memory_after(
            self.servers, self.book, self.people, first=min(FIRST, most), last=most
        )
        return Figure(name="memory_after_1m", value=grown, unit="MiB", aim="<= 50")

    async def _pgbench(self) -> float:
        await self.servers.settle()
        return await self.pgbench.rate(self.seconds)

    async def _one_by_one(self) -> float:
        async with self.servers.database(template=self.book) as database:
            await self.servers.settle()
            url = self.servers.postgres.url(database)
            return await one_by_one_rate(url, self.people, self.seconds)


async def take_in_turns(
    rounds: int, measures: Mapping[str, Measure], *, say: Callable[[str], None]
) -> dict[str, list[float]]:
    """Each once a round, after a round to warm up; every other round the other way about."""
    taken: dict[str, list[float]] = {name: [] for name in measures}
    order = list(measures.items())
    for number in range(rounds + 1):
        for name, measure in order:
            value = await measure()
            say(f"round {number} of {rounds}: {name} {value:,.0f}/s")
            if number > 0:
                taken[name].append(value)
        order.reverse()
    return taken
