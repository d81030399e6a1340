"""`python -m catalog.main migrate|serve|dead-letters|outbox`, on MongoDB or on a SQL store."""

import asyncio
import sys
from collections.abc import Callable
from typing import Any, TypeAlias

from catalog.adapters import tables
from catalog.adapters.documents import ORDERS, PRODUCTS
from catalog.adapters.mongo import MongoCatalogWork, make_indexes
from catalog.adapters.mongo_reads import MongoCatalogReads
from catalog.adapters.sql import SqlCatalogWork
from catalog.adapters.sql_reads import SqlCatalogReads
from catalog.application.ports import CatalogReads, CatalogWork
from catalog.entrypoints import http, kafka
from catalog.entrypoints.problems import PROBLEMS
from catalog.settings import CatalogSettings
from contracts.topics import CATALOG_OUTCOMES
from messaging.delivery_store import DeliveryStore
from storage.delivery_store import SqlDeliveryStore
from storage.mongo.delivery_store import MongoDeliveryStore
from web.commands import run_command
from web.replies import Replies
from web.service import Service

ReplyPartition: TypeAlias = Callable[[], int | None]


async def serve() -> None:
    settings, replies = CatalogSettings(), Replies(CATALOG_OUTCOMES)
    delivery, reads = open_catalogue(settings, replies.partition)
    service = Service("catalog", settings, delivery, problems=PROBLEMS, replies=replies)
    service.consume(kafka.TOPICS, kafka.HANDLERS)
    await service.serve([http.router], state={"reads": reads})


def open_catalogue(
    settings: CatalogSettings, reply_partition: ReplyPartition = lambda: None
) -> tuple[DeliveryStore[CatalogWork], CatalogReads]:
    """The store that the URL's scheme names, and what can be looked up in it."""
    if settings.is_on_mongo:
        mongo = _mongo(settings, reply_partition)
        return mongo, MongoCatalogReads(mongo.database)
    sql = SqlDeliveryStore(
        "catalog",
        settings.database_url,
        tables.delivery,
        SqlCatalogWork,
        outcomes=CATALOG_OUTCOMES,
        reply_partition=reply_partition,
    )
    return sql, SqlCatalogReads(sql.db)


def open_store(settings: CatalogSettings) -> DeliveryStore[Any]:
    return open_catalogue(settings)[0]


def migrate() -> None:
    from storage.migrations import upgrade

    settings = CatalogSettings()
    if settings.is_on_mongo:
        asyncio.run(_prepare(settings))
    else:
        upgrade(settings.database_url, settings.migrations)


async def _prepare(settings: CatalogSettings) -> None:
    mongo = _mongo(settings)
    try:
        await mongo.prepare()
        await make_indexes(mongo.database)
    finally:
        await mongo.close()


def _mongo(
    settings: CatalogSettings, reply_partition: ReplyPartition = lambda: None
) -> MongoDeliveryStore[MongoCatalogWork]:
    return MongoDeliveryStore(
        "catalog",
        settings.database_url,
        MongoCatalogWork,
        collections=(PRODUCTS, ORDERS),
        outcomes=CATALOG_OUTCOMES,
        reply_partition=reply_partition,
    )


if __name__ == "__main__":
    sys.exit(run_command("catalog", CatalogSettings, open_store, migrate=migrate, serve=serve))
