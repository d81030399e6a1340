"""`python -m ledger.main migrate|serve|dead-letters|outbox|verify|rebuild`."""

import sys
from typing import Any

from ledger.adapters.delivery import open_delivery_store
from ledger.adapters.sql_audit import SqlRecords
from ledger.adapters.sql_balances import SqlBalances
from ledger.adapters.sql_due_holds import SqlDueHolds
from ledger.adapters.sql_reads import SqlLedgerReads
from ledger.application.expiry import Expiry
from ledger.entrypoints import commands, http, kafka
from ledger.entrypoints.problems import PROBLEMS
from ledger.settings import LedgerSettings
from messaging.garbage import spare_the_collector
from storage.delivery_store import SqlDeliveryStore
from storage.work import SqlWork
from web.commands import run_command
from web.service import Service


async def serve() -> None:
    settings = LedgerSettings()
    delivery = open_store(settings)
    service = Service("ledger", settings, delivery, problems=PROBLEMS)
    service.consume(kafka.TOPICS, kafka.HANDLERS, max_records=kafka.BATCH)
    service.add_loop(Expiry(holds=SqlDueHolds(delivery.db, delivery.outbox_wake.set)).run)
    await service.serve([http.router], state={"reads": SqlLedgerReads(delivery.db)})


def open_store(settings: LedgerSettings) -> SqlDeliveryStore[SqlWork]:
    return open_delivery_store(settings.database_url)


def add_verbs(verbs: Any) -> None:
    commands.add_commands(
        verbs,
        records=_records,
        balances=lambda delivery: SqlBalances(delivery.db),
    )


def _records(delivery: Any) -> SqlRecords:
    # Millions of rows come and go, and none of them is in a cycle.
    spare_the_collector()
    return SqlRecords(delivery.db)


def migrate() -> None:
    from storage.migrations import upgrade

    settings = LedgerSettings()
    upgrade(settings.database_url, settings.migrations)


if __name__ == "__main__":
    sys.exit(
        run_command(
            "ledger",
            LedgerSettings,
            open_store,
            migrate=migrate,
            serve=serve,
            add_verbs=add_verbs,
        )
    )
