from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx2
import pytest

from ledger.adapters.sql import SqlLedgerWork
from ledger.adapters.sql_reads import SqlLedgerReads
from ledger.adapters.tables import delivery
from ledger.entrypoints import http, kafka
from ledger.entrypoints.problems import PROBLEMS
from storage.delivery_store import SqlDeliveryStore
from testkit.applications import application_of, client_of
from testkit.migrations import migrate
from testkit.tokens import TokenIssuer
from testkit.workbench import Workbench

MIGRATIONS = Path(__file__).parents[2] / "migrations"

Bench = Workbench[SqlDeliveryStore[SqlLedgerWork]]
MakeBench = Callable[[str], Bench]


@pytest.fixture
def migrated_url(sql_url: str) -> str:
    migrate(sql_url, MIGRATIONS)
    return sql_url


def bench_on(url: str) -> Bench:
    return Workbench(
        "ledger",
        SqlDeliveryStore("ledger", url, delivery, SqlLedgerWork),
        handlers=kafka.HANDLERS,
        problems=PROBLEMS,
    )


@pytest.fixture
async def bench(migrated_url: str) -> AsyncIterator[Bench]:
    """The ledger's handlers on a real store."""
    async with bench_on(migrated_url).running() as bench:
        yield bench


@pytest.fixture
def issuer() -> TokenIssuer:
    return TokenIssuer()


@pytest.fixture
async def ledger(bench: Bench, issuer: TokenIssuer) -> AsyncIterator[httpx2.AsyncClient]:
    """The ledger's HTTP on the same store."""
    app = application_of(
        http.router,
        issuer=issuer,
        problems=PROBLEMS,
        state={"reads": SqlLedgerReads(bench.delivery.db)},
        is_transient=bench.delivery.store.is_transient,
    )
    async with client_of(app) as client:
        yield client
