import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from catalog.application.ports import CatalogReads, CatalogWork
from catalog.entrypoints.kafka import HANDLERS
from catalog.entrypoints.problems import PROBLEMS
from catalog.main import migrate, open_catalogue
from catalog.settings import CatalogSettings
from messaging.delivery_store import DeliveryStore
from testkit.tokens import INTERNAL_KEY
from testkit.workbench import Workbench

MIGRATIONS = Path(__file__).parents[2] / "migrations"

CatalogBench = Workbench[DeliveryStore[CatalogWork]]
Catalogue = tuple[CatalogBench, CatalogReads]


@pytest.fixture(params=["sqlite", "postgres", "mongo"])
def settings(request: pytest.FixtureRequest) -> Iterator[CatalogSettings]:
    """The test runs once on each kind of store."""
    with pytest.MonkeyPatch.context() as environment:
        url: str = request.getfixturevalue(f"{request.param}_url")
        environment.setenv("CATALOG_DATABASE_URL", url)
        environment.setenv("INTERNAL_KEY", INTERNAL_KEY)
        yield CatalogSettings()


@pytest.fixture
async def catalogue(settings: CatalogSettings) -> AsyncIterator[Catalogue]:
    """What main.py puts together, but for broker and HTTP."""
    await asyncio.to_thread(migrate)
    delivery, reads = open_catalogue(settings)
    bench = Workbench("catalog", delivery, handlers=HANDLERS, problems=PROBLEMS)
    async with bench.running():
        yield bench, reads


@pytest.fixture
def bench(catalogue: Catalogue) -> CatalogBench:
    return catalogue[0]


@pytest.fixture
def reads(catalogue: Catalogue) -> CatalogReads:
    return catalogue[1]
