from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from catalog.adapters.sql import SqlCatalogWork
from catalog.adapters.sql_reads import SqlCatalogReads
from catalog.adapters.tables import delivery
from catalog.entrypoints.kafka import HANDLERS
from catalog.entrypoints.problems import PROBLEMS
from contracts.topics import CATALOG_OUTCOMES
from testkit.migrations import migrate
from testkit.workbench import Workbench

MIGRATIONS = Path(__file__).parents[2] / "migrations"

CatalogBench = Workbench[SqlCatalogWork]


@pytest.fixture
async def bench(sql_url: str) -> AsyncIterator[CatalogBench]:
    migrate(sql_url, MIGRATIONS)
    workbench = Workbench(
        "catalog",
        sql_url,
        tables=delivery,
        make_work=SqlCatalogWork,
        handlers=HANDLERS,
        problems=PROBLEMS,
        outcomes=CATALOG_OUTCOMES,
    )
    async with workbench.running():
        yield workbench


@pytest.fixture
def reads(bench: CatalogBench) -> SqlCatalogReads:
    return SqlCatalogReads(bench.db)
