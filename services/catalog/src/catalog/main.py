"""`python -m catalog.main migrate|serve|dead-letters|outbox`."""

import sys

from catalog.adapters.sql import SqlCatalogWork
from catalog.adapters.sql_reads import SqlCatalogReads
from catalog.adapters.tables import delivery
from catalog.entrypoints import http, kafka
from catalog.entrypoints.problems import PROBLEMS
from catalog.settings import CatalogSettings
from contracts.topics import CATALOG_OUTCOMES
from web.commands import run_command
from web.sql_service import SqlService


async def serve() -> None:
    service = SqlService(
        "catalog",
        CatalogSettings(),
        tables=delivery,
        make_work=SqlCatalogWork,
        problems=PROBLEMS,
        outcomes=CATALOG_OUTCOMES,
    )
    service.consume(kafka.TOPICS, kafka.HANDLERS)
    await service.serve([http.router], state={"reads": SqlCatalogReads(service.db)})


def migrate() -> None:
    from storage.migrations import upgrade

    settings = CatalogSettings()
    upgrade(settings.database_url, settings.migrations)


if __name__ == "__main__":
    sys.exit(run_command("catalog", CatalogSettings, delivery, migrate=migrate, serve=serve))
