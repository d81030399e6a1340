"""On the servers that the benchmark starts, with few accounts and few transfers."""

from collections.abc import AsyncIterator, Iterator

import pytest

from benchmarks import ledger_path, ledger_store
from benchmarks.ledger_baselines import PgBench, one_by_one_rate
from benchmarks.ledger_growth import grown_book
from benchmarks.ledger_rates import Bench
from benchmarks.ledger_samples import customers
from benchmarks.ledger_server import Servers, running_servers
from ledger.entrypoints import kafka
from servers.postgres import execute
from servers.processes import ServerUnavailable

PEOPLE = customers(20)

GAPS = """
SELECT count(*) FROM (
    SELECT version, balance - amount AS before,
        lag(version) OVER account AS last_version, lag(balance) OVER account AS last_balance
    FROM entries WINDOW account AS (PARTITION BY account_id ORDER BY version)
) AS entry WHERE version <> last_version + 1 OR before <> last_balance
"""
STALE = """
SELECT count(*) FROM accounts JOIN (
    SELECT DISTINCT ON (account_id) account_id, version, balance
    FROM entries ORDER BY account_id, version DESC
) AS last ON account_id = id WHERE last.version <> accounts.version OR balance <> posted
"""


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    try:
        with running_servers(None) as running:
            yield running
    except ServerUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture
async def book(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    monkeypatch.setattr(ledger_store, "WARM_UP", 100)
    monkeypatch.setattr(ledger_path, "WARM_UP", 100)
    name = await ledger_store.new_book(servers, PEOPLE)
    yield name
    await execute(servers.postgres.url(), f'DROP DATABASE "{name}" WITH (FORCE)')


async def count_of(servers: Servers, database: str, query: str) -> int:
    [row] = await execute(servers.postgres.url(database), query)
    return int(row["count"])


async def test_the_server_syncs_each_commit(servers: Servers) -> None:
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        [row] = await execute(servers.postgres.url(), f"SHOW {setting}")
        assert row[setting] == "on"


async def test_the_store_posts_all_transfers_and_leaves_the_book_as_it_was(
    servers: Servers, book: str
) -> None:
    before = await ledger_store.postings(servers, book)
    assert await ledger_store.rate(servers, book, PEOPLE, 200) > 0
    assert await ledger_store.rate(servers, book, PEOPLE, 200, hot=True) > 0
    assert await ledger_store.postings(servers, book) == before == len(PEOPLE)


async def test_the_path_ends_when_all_events_and_outcomes_are_in_the_log(
    servers: Servers, book: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka, "BATCH", 50)
    assert await ledger_path.rate(servers, book, PEOPLE, 200) > 0


async def test_one_by_one_keeps_the_books_right(servers: Servers, book: str) -> None:
    async with servers.database(template=book) as database:
        assert await one_by_one_rate(servers.postgres.url(database), PEOPLE, 0.2) > 0
        assert await count_of(servers, database, GAPS) == 0
        assert await count_of(servers, database, STALE) == 0


async def test_a_grown_book_looks_as_if_transfers_had_filled_it_and_goes_on(
    servers: Servers, book: str
) -> None:
    grown = await grown_book(servers, book, PEOPLE, entries=2_000)
    assert 2_000 <= await count_of(servers, grown, "SELECT count(*) FROM entries") < 2_040
    for query in (GAPS, STALE):
        assert await count_of(servers, grown, query) == 0
    unequal = (
        "SELECT transaction_id FROM entries GROUP BY 1 HAVING count(*) <> 2 OR sum(amount) <> 0"
    )
    assert await count_of(servers, grown, f"SELECT count(*) FROM ({unequal}) AS it") == 0
    assert await ledger_store.seconds_for(servers, grown, PEOPLE, 200) > 0
    assert await count_of(servers, grown, GAPS) == 0


async def test_memory_is_looked_at_in_the_process_that_posts(
    servers: Servers, book: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = iter([100.0, 130.0])
    monkeypatch.setattr(ledger_store, "_resident_mib", lambda: next(seen))
    assert await ledger_store.memory_after(servers, book, PEOPLE, first=50, last=100) == 30


async def test_pgbench_names_its_rate(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.ledger_baselines.SCALE", 1)
    pgbench = await PgBench.prepared(servers)
    bench = Bench(servers=servers, people=PEOPLE, book="", pgbench=pgbench, count=1, seconds=1)
    assert await bench.rates["pgbench"]() > 0
