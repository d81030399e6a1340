import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from services.catalog.tests.integration.conftest import CatalogBench
from services.catalog.tests.integration.shopping import create, order_of, stocked
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from catalog.adapters.sql import SqlCatalogWork
from catalog.adapters.tables import order_lines, orders, products
from catalog.domain.order import Order, OrderLine
from catalog.domain.product import Product
from catalog.domain.refusals import AlreadyExists, OrderNotFound, ProductNotFound, SkuTaken
from contracts.ids import new_id
from storage.versions import StaleVersion
from testkit.records import envelope_of, record_of

AT = datetime(2026, 9, 1, 12, 30, 15, 123456, tzinfo=UTC)


def a_product(**fields: Any) -> Product:
    defaults: dict[str, Any] = {"sku": "MUG", "name": "Mug", "description": "", "price": 1250}
    return Product(**{"id": new_id(), "currency": "EUR", "created_at": AT, **defaults, **fields})


def an_order(*product_ids: UUID, **fields: Any) -> Order:
    lines = tuple(
        OrderLine(
            product_id=product_id, sku=f"S-{number}", name="Mug", quantity=number, unit_price=2**53
        )
        for number, product_id in enumerate(product_ids, start=1)
    )
    ids: dict[str, Any] = {name: new_id() for name in ("id", "customer_id", "account_id")}
    return Order(
        **ids
        | {"placed_by": new_id(), "lines": lines, "currency": "EUR", "created_at": AT}
        | fields
    )


def unit(bench: CatalogBench, connection: Any) -> SqlCatalogWork:
    return bench.store.unit(connection, envelope_of(create("ANY")))


async def test_a_product_comes_back_as_it_was_saved(bench: CatalogBench) -> None:
    product = a_product(on_hand=1_000_000_000, reserved=7, price=2**53 - 1)
    async with bench.db.write() as connection:
        await unit(bench, connection).products.add(product)
    async with bench.db.write() as connection:
        work = unit(bench, connection)
        assert await work.products.get(product.id) == product
        product.change(expected_version=1, name="Cup", description="Blue")
        await work.products.save(product)
        product.reserve(3)
        await work.products.save(product)
    async with bench.db.write() as connection:
        assert await unit(bench, connection).products.get(product.id) == product


async def test_an_order_comes_back_with_its_lines_in_their_sequence(bench: CatalogBench) -> None:
    first, second = a_product(sku="A"), a_product(sku="B")
    order = an_order(second.id, first.id)
    async with bench.db.write() as connection:
        work = unit(bench, connection)
        for product in (first, second):
            await work.products.add(product)
        await work.orders.add(order, awaits=[new_id()])
    async with bench.db.write() as connection:
        work = unit(bench, connection)
        assert await work.orders.get(order.id) == order
        order.cancel("cancelled-by-customer")
        await work.orders.save(order)
    async with bench.db.write() as connection:
        found = await unit(bench, connection).orders.get(order.id, customer_id=order.customer_id)
        assert found == order


async def test_an_order_is_found_by_what_it_awaits_and_by_nothing_else(
    bench: CatalogBench,
) -> None:
    product, awaited = a_product(), [new_id(), new_id()]
    order, other = an_order(product.id), an_order(product.id)
    async with bench.db.write() as connection:
        work = unit(bench, connection)
        await work.products.add(product)
        await work.orders.add(order, awaits=awaited)
        await work.orders.add(other, awaits=[new_id()])
        assert [await work.orders.awaiting(command_id) for command_id in awaited] == [order, order]
        assert await work.orders.awaiting(new_id()) is None


async def test_what_is_not_there_is_refused(bench: CatalogBench) -> None:
    product, missing = a_product(), new_id()
    order = an_order(product.id)
    async with bench.db.write() as connection:
        work = unit(bench, connection)
        await work.products.add(product)
        await work.orders.add(order, awaits=[new_id()])
        with pytest.raises(ProductNotFound) as refusal:
            await work.products.get_all([product.id, missing])
        assert refusal.value.product_id == missing
        with pytest.raises(OrderNotFound):
            await work.orders.get(missing)
        with pytest.raises(OrderNotFound):
            await work.orders.get(order.id, customer_id=missing)


async def test_ids_and_skus_belong_to_one_thing(bench: CatalogBench) -> None:
    product = a_product()
    order = an_order(product.id)
    async with bench.db.write() as connection:
        work = unit(bench, connection)
        await work.products.add(product)
        await work.orders.add(order, awaits=[new_id()])
        with pytest.raises(AlreadyExists):
            await work.products.add(a_product(id=product.id, sku="CUP"))
        with pytest.raises(SkuTaken):
            await work.products.add(a_product(sku=product.sku))
        with pytest.raises(AlreadyExists):
            await work.orders.add(order, awaits=[new_id()])


async def test_a_write_that_somebody_else_has_overtaken_is_refused(bench: CatalogBench) -> None:
    product = a_product(on_hand=5)
    async with bench.db.write() as connection:
        work, other = unit(bench, connection), unit(bench, connection)
        await work.products.add(product)
        mine, theirs = await work.products.get(product.id), await other.products.get(product.id)
        theirs.reserve(1)
        await other.products.save(theirs)
        mine.reserve(5)
        with pytest.raises(StaleVersion):
            await work.products.save(mine)


@pytest.mark.parametrize("fields", [{"on_hand": 1, "reserved": 2}, {"reserved": -1}, {"price": 0}])
async def test_the_store_itself_keeps_the_invariants_of_a_product(
    bench: CatalogBench, fields: dict[str, int]
) -> None:
    with pytest.raises(IntegrityError):
        async with bench.db.write() as connection:
            await unit(bench, connection).products.add(a_product(**fields))


@pytest.mark.parametrize(
    "fields", [{"status": "confirmed"}, {"status": "cancelled"}, {"cancel_reason": "why"}]
)
async def test_the_store_itself_keeps_the_invariants_of_an_order(
    bench: CatalogBench, fields: dict[str, str]
) -> None:
    product = a_product()
    async with bench.db.write() as connection:
        await unit(bench, connection).products.add(product)
    with pytest.raises(IntegrityError):
        async with bench.db.write() as connection:
            await unit(bench, connection).orders.add(an_order(product.id, **fields), awaits=[])


async def test_orders_for_the_last_pieces_wait_for_each_other(bench: CatalogBench) -> None:
    mug, tea = await stocked(bench, "MUG", stock=4), await stocked(bench, "TEA", stock=4)
    baskets = [order_of((mug, 1), (tea, 1)), order_of((tea, 1), (mug, 1))] * 4
    records = [record_of(basket.model_copy(update={"order_id": new_id()})) for basket in baskets]
    await asyncio.gather(*(bench.consumer.consume([record]) for record in records))

    async with bench.db.read() as connection:
        stock = (await connection.execute(select(products.c.on_hand, products.c.reserved))).all()
        placed = (await connection.execute(select(orders.c.id))).all()
        lines = (await connection.execute(select(order_lines.c.order_id))).all()
    assert [tuple(row) for row in stock] == [(4, 4), (4, 4)]
    assert (len(placed), len(lines)) == (4, 8)
    assert len(await bench.sent("PlaceHold")) == 4


async def test_an_order_line_belongs_to_an_order(bench: CatalogBench) -> None:
    product_id = await stocked(bench)
    line = {"order_id": new_id(), "position": 0, "product_id": product_id, "sku": "MUG"}
    with pytest.raises(IntegrityError):
        async with bench.db.write() as connection:
            await connection.execute(
                insert(order_lines).values(**line, name="Mug", quantity=1, unit_price=1)
            )
