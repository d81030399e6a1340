"""`python -m ledger.main migrate|serve|dead-letters|outbox`."""

import sys

from ledger.adapters.sql import SqlLedgerWork
from ledger.adapters.sql_reads import SqlLedgerReads
from ledger.adapters.tables import delivery
from ledger.entrypoints import http, kafka
from ledger.entrypoints.problems import PROBLEMS
from ledger.settings import LedgerSettings
from web.commands import run_command
from web.sql_service import SqlService


async def serve() -> None:
    service = SqlService(
        "ledger",
        LedgerSettings(),
        tables=delivery,
        make_work=SqlLedgerWork,
        problems=PROBLEMS,
    )
    service.consume(kafka.TOPICS, kafka.HANDLERS)
    await service.serve([http.router], state={"reads": SqlLedgerReads(service.db)})


def migrate() -> None:
    from storage.migrations import upgrade

    settings = LedgerSettings()
    upgrade(settings.database_url, settings.migrations)


if __name__ == "__main__":
    sys.exit(run_command("ledger", LedgerSettings, delivery, migrate=migrate, serve=serve))
