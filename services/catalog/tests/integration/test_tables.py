"""What the SQL stores keep true by themselves, whatever the code above them does."""

from collections.abc import AsyncIterator

import pytest
from services.catalog.tests.integration.conftest import MIGRATIONS
from services.catalog.tests.integration.shopping import create
from services.catalog.tests.integration.test_store import a_product, an_order
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.adapters.sql import SqlCatalogWork
from catalog.adapters.tables import metadata, order_lines
from contracts.ids import new_id
from messaging.work import Postbox
from storage.database import Database
from storage.versions import StaleVersion
from testkit.migrations import assert_migrations_match, migrate
from testkit.records import envelope_of


@pytest.fixture
async def connection(sql_url: str) -> AsyncIterator[AsyncConnection]:
    """A transaction on a migrated store, rolled back at the end."""
    migrate(sql_url, MIGRATIONS)
    db = Database(sql_url)
    async with db.write() as connection:
        yield connection
        await connection.rollback()
    await db.close()


def unit(connection: AsyncConnection) -> SqlCatalogWork:
    postbox = Postbox(source="catalog", cause=envelope_of(create("ANY")))
    return SqlCatalogWork(connection, postbox)


def test_the_migrations_make_the_tables_that_the_code_declares(sql_url: str) -> None:
    assert_migrations_match(sql_url, MIGRATIONS, metadata)


async def test_a_write_that_somebody_else_has_overtaken_is_refused(
    connection: AsyncConnection,
) -> None:
    product = a_product(on_hand=5)
    work, other = unit(connection), unit(connection)
    await work.products.add(product)
    mine, theirs = await work.products.get(product.id), await other.products.get(product.id)
    theirs.reserve(1)
    await other.products.save(theirs)
    mine.reserve(5)
    with pytest.raises(StaleVersion):
        await work.products.save(mine)


@pytest.mark.parametrize("fields", [{"on_hand": 1, "reserved": 2}, {"reserved": -1}, {"price": 0}])
async def test_a_product_keeps_its_invariants(
    connection: AsyncConnection, fields: dict[str, int]
) -> None:
    with pytest.raises(IntegrityError):
        await unit(connection).products.add(a_product(**fields))


@pytest.mark.parametrize(
    "fields", [{"status": "confirmed"}, {"status": "cancelled"}, {"cancel_reason": "why"}]
)
async def test_an_order_keeps_its_invariants(
    connection: AsyncConnection, fields: dict[str, str]
) -> None:
    product = a_product()
    await unit(connection).products.add(product)
    with pytest.raises(IntegrityError):
        await unit(connection).orders.add(an_order(product.id, **fields), awaits=[])


async def test_an_order_line_belongs_to_an_order(connection: AsyncConnection) -> None:
    product = a_product()
    await unit(connection).products.add(product)
    line = {"order_id": new_id(), "position": 0, "product_id": product.id, "sku": "MUG"}
    with pytest.raises(IntegrityError):
        await connection.execute(
            insert(order_lines).values(**line, name="Mug", quantity=1, unit_price=1)
        )
