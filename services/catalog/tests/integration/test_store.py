"""The ports of a unit of work, alike on every kind of store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from services.catalog.tests.integration.conftest import CatalogBench
from services.catalog.tests.integration.shopping import create, order_of, stocked

from catalog.application.ports import CatalogReads, CatalogWork
from catalog.domain.order import Order, OrderLine
from catalog.domain.product import Product
from catalog.domain.refusals import AlreadyExists, OrderNotFound, ProductNotFound, SkuTaken
from contracts.ids import new_id
from testkit.records import LogRecord, envelope_of, record_of

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


@asynccontextmanager
async def unit(bench: CatalogBench) -> AsyncIterator[CatalogWork]:
    """A unit of work in a transaction of its own."""
    cause = envelope_of(create("ANY"))
    async with bench.delivery.store.begin() as transaction, transaction.work(cause) as work:
        yield work


async def test_a_product_comes_back_as_it_was_saved(bench: CatalogBench) -> None:
    product = a_product(on_hand=1_000_000_000, reserved=7, price=2**53 - 1)
    async with unit(bench) as work:
        await work.products.add(product)
    async with unit(bench) as work:
        assert await work.products.get(product.id) == product
        product.change(expected_version=1, name="Cup", description="Blue")
        await work.products.save(product)
        product.reserve(3)
        await work.products.save(product)
    async with unit(bench) as work:
        assert await work.products.get_all([product.id]) == {product.id: product}


async def test_an_order_comes_back_with_its_lines_in_their_sequence(bench: CatalogBench) -> None:
    first, second, awaited = a_product(sku="A"), a_product(sku="B"), new_id()
    order = an_order(second.id, first.id)
    async with unit(bench) as work:
        for product in (first, second):
            await work.products.add(product)
        await work.orders.add(order, awaits=[awaited])
    async with unit(bench) as work:
        assert await work.orders.get(order.id) == order
        order.cancel("cancelled-by-customer")
        await work.orders.save(order)
    async with unit(bench) as work:
        assert await work.orders.get(order.id, customer_id=order.customer_id) == order
        assert await work.orders.awaiting(awaited) == order


async def test_what_a_unit_of_work_has_written_it_reads(bench: CatalogBench) -> None:
    product, awaited = a_product(on_hand=5), new_id()
    order = an_order(product.id)
    async with unit(bench) as work:
        await work.products.add(product)
        await work.orders.add(order, awaits=[awaited])
        product.reserve(2)
        await work.products.save(product)
        order.cancel("cancelled-by-customer")
        await work.orders.save(order)
        assert await work.products.get(product.id) == product
        assert await work.orders.get(order.id) == order
        assert await work.orders.awaiting(awaited) == order


async def test_a_unit_of_work_that_fails_leaves_nothing_behind(
    bench: CatalogBench, reads: CatalogReads
) -> None:
    product = a_product()

    async def fail_halfway() -> None:
        async with unit(bench) as work:
            await work.products.add(product)
            await work.products.get(new_id())

    with pytest.raises(ProductNotFound):
        await fail_halfway()
    with pytest.raises(ProductNotFound):
        await reads.product(product.id)
    async with unit(bench) as work:
        await work.products.add(a_product(sku=product.sku))


async def test_an_order_is_found_by_what_it_awaits_and_by_nothing_else(
    bench: CatalogBench,
) -> None:
    product, awaited = a_product(), [new_id(), new_id()]
    order, other = an_order(product.id), an_order(product.id)
    async with unit(bench) as work:
        await work.products.add(product)
        await work.orders.add(order, awaits=awaited)
        await work.orders.add(other, awaits=[new_id()])
    async with unit(bench) as work:
        assert [await work.orders.awaiting(command_id) for command_id in awaited] == [order, order]
        assert await work.orders.awaiting(new_id()) is None


async def test_what_is_not_there_is_refused(bench: CatalogBench) -> None:
    product, missing = a_product(), new_id()
    order = an_order(product.id)
    async with unit(bench) as work:
        await work.products.add(product)
        await work.orders.add(order, awaits=[new_id()])
        with pytest.raises(ProductNotFound) as refusal:
            await work.products.get_all([product.id, missing])
        assert refusal.value.product_id == missing
        with pytest.raises(OrderNotFound):
            await work.orders.get(missing)
        with pytest.raises(OrderNotFound):
            await work.orders.get(order.id, customer_id=missing)


@pytest.mark.parametrize("is_committed", [False, True])
async def test_ids_and_skus_belong_to_one_thing(bench: CatalogBench, is_committed: bool) -> None:
    product = a_product()
    order = an_order(product.id)
    async with unit(bench) as work:
        await work.products.add(product)
        await work.orders.add(order, awaits=[new_id()])
        if not is_committed:
            await refuses_to_add_again(work, product, order)
    if is_committed:
        async with unit(bench) as work:
            await refuses_to_add_again(work, product, order)


async def refuses_to_add_again(work: CatalogWork, product: Product, order: Order) -> None:
    with pytest.raises(AlreadyExists):
        await work.products.add(a_product(id=product.id, sku="CUP"))
    with pytest.raises(SkuTaken):
        await work.products.add(a_product(sku=product.sku))
    with pytest.raises(AlreadyExists):
        await work.orders.add(order, awaits=[new_id()])


async def delivered(bench: CatalogBench, record: LogRecord) -> None:
    """As a subscription does it: a store that is busy gets the record again."""
    while True:
        try:
            await bench.consumer.consume([record])
        except Exception as error:
            if bench.delivery.store.is_transient(error):
                continue
            raise
        else:
            return


async def test_orders_for_the_last_pieces_do_not_get_in_each_others_way(
    bench: CatalogBench, reads: CatalogReads
) -> None:
    mug, tea = await stocked(bench, "MUG", stock=4), await stocked(bench, "TEA", stock=4)
    baskets = [order_of((mug, 1), (tea, 1)), order_of((tea, 1), (mug, 1))] * 4
    records = [record_of(basket.model_copy(update={"order_id": new_id()})) for basket in baskets]
    await asyncio.gather(*(delivered(bench, record) for record in records))

    stock = [(await reads.product(product_id)).stock for product_id in (mug, tea)]
    assert [(each.on_hand, each.reserved) for each in stock] == [(4, 4), (4, 4)]
    placed = (await reads.orders(None, limit=100, after=None)).items
    assert [len(order.lines) for order in placed] == [2, 2, 2, 2]
    assert len(await bench.sent("PlaceHold")) == 4


async def test_products_made_at_once_with_one_sku_are_one(bench: CatalogBench) -> None:
    records = [record_of(create("MUG")) for _ in range(4)]
    await asyncio.gather(*(delivered(bench, record) for record in records))
    assert len(await bench.sent("ProductChanged")) == 1
    assert len(await bench.sent("Outcome")) == 4
