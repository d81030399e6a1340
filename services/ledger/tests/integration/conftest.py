from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from services.ledger.tests.integration.clocks import Clock, stopped

from ledger.adapters.delivery import open_delivery_store
from ledger.adapters.sql_reads import SqlLedgerReads
from ledger.entrypoints import http, kafka
from ledger.entrypoints.problems import PROBLEMS
from storage.delivery_store import SqlDeliveryStore
from storage.work import SqlWork
from testkit.applications import application_of, client_of
from testkit.migrations import migrate
from testkit.tokens import TokenIssuer
from testkit.workbench import Workbench

OWNER, FRIEND = uuid4(), uuid4()
MIGRATIONS = Path(__file__).parents[2] / "migrations"

Bench = Workbench[SqlDeliveryStore[SqlWork]]
MakeBench = Callable[[str], Bench]


@pytest.fixture
def migrated_url(sql_url: str) -> str:
    migrate(sql_url, MIGRATIONS)
    return sql_url


def bench_on(url: str) -> Bench:
    return Workbench(
        "ledger",
        open_delivery_store(url),
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
def owner(issuer: TokenIssuer) -> dict[str, str]:
    return issuer.authorization(OWNER, "customer")


@pytest.fixture
def friend(issuer: TokenIssuer) -> dict[str, str]:
    return issuer.authorization(FRIEND, "customer")


@pytest.fixture
def stranger(issuer: TokenIssuer) -> dict[str, str]:
    return issuer.authorization(uuid4(), "customer")


@pytest.fixture
def staff(issuer: TokenIssuer) -> dict[str, str]:
    return issuer.authorization(uuid4(), "staff")


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


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The ledger's time, which stands still until it is moved."""
    return stopped(monkeypatch)


def write_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a long batch: two decisions are on their way to the database before the next two."""
    monkeypatch.setattr("messaging.consumer.AT_ONCE", 2)
    monkeypatch.setattr("ledger.adapters.store.WORTH_WRITING", 1)
