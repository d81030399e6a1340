"""`python -m ledger.main migrate|serve|dead-letters|outbox`."""

import sys

from ledger.adapters import tables
from ledger.adapters.sql import SqlLedgerWork
from ledger.adapters.sql_reads import SqlLedgerReads
from ledger.entrypoints import http, kafka
from ledger.entrypoints.problems import PROBLEMS
from ledger.settings import LedgerSettings
from storage.delivery_store import SqlDeliveryStore
from web.commands import run_command
from web.service import Service


async def serve() -> None:
    settings = LedgerSettings()
    delivery = open_store(settings)
    service = Service("ledger", settings, delivery, problems=PROBLEMS)
    service.consume(kafka.TOPICS, kafka.HANDLERS)
    await service.serve([http.router], state={"reads": SqlLedgerReads(delivery.db)})


def open_store(settings: LedgerSettings) -> SqlDeliveryStore[SqlLedgerWork]:
    return SqlDeliveryStore("ledger", settings.database_url, tables.delivery, SqlLedgerWork)


def migrate() -> None:
    from storage.migrations import upgrade

    settings = LedgerSettings()
    upgrade(settings.database_url, settings.migrations)


if __name__ == "__main__":
    sys.exit(run_command("ledger", LedgerSettings, open_store, migrate=migrate, serve=serve))
