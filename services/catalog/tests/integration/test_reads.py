import pytest
from services.catalog.tests.integration.conftest import CatalogBench
from services.catalog.tests.integration.shopping import CUSTOMER, order_of, stocked

from catalog.application.ports import CatalogReads
from catalog.domain.refusals import OrderNotFound, ProductNotFound
from contracts.ids import new_id
from storage.pages import BadCursor
from testkit.records import record_of


async def test_products_are_found_by_all_the_words_of_a_query(
    bench: CatalogBench, reads: CatalogReads
) -> None:
    mug = await stocked(bench, "MUG-1", name="Blue Éclair mug", description="Straße, 100% clay")
    cup = await stocked(bench, "CUP_2", name="Blue cup")

    async def found(query: str) -> list[object]:
        return [item.id for item in (await reads.products(query, limit=10, after=None)).items]

    assert await found("") == [cup, mug]
    assert await found("BLUE") == [cup, mug]
    assert await found("mug éCLAIR") == await found("STRASSE") == await found("100%") == [mug]
    assert await found("cup_2") == [cup]
    assert await found("blue spoon") == await found("b%e") == await found("c_p") == []


async def test_products_come_in_pages_newest_first_and_none_twice(
    bench: CatalogBench, reads: CatalogReads
) -> None:
    made = [await stocked(bench, f"SKU-{number}") for number in range(5)]
    seen, after = [], None
    while True:
        page = await reads.products("sku", limit=2, after=after)
        seen += [item.id for item in page.items]
        if (after := page.next) is None:
            break
    assert seen == made[::-1]


async def test_a_cursor_that_no_page_gave_out_is_refused(reads: CatalogReads) -> None:
    with pytest.raises(BadCursor):
        await reads.products("", limit=2, after="nonsense")


async def test_a_product_shows_its_stock(bench: CatalogBench, reads: CatalogReads) -> None:
    mug = await stocked(bench, stock=10)
    await bench.consume(record_of(order_of((mug, 3))))
    view = await reads.product(mug)
    assert (view.stock.on_hand, view.stock.reserved, view.stock.available) == (10, 3, 7)
    with pytest.raises(ProductNotFound):
        await reads.product(new_id())


async def test_customers_see_their_own_orders_and_staff_see_all(
    bench: CatalogBench, reads: CatalogReads
) -> None:
    mug, tea = await stocked(bench, "MUG"), await stocked(bench, "TEA", price=399)
    mine, theirs = order_of((tea, 2), (mug, 1)), order_of((mug, 1), customer_id=new_id())
    await bench.consume(record_of(mine), record_of(theirs))

    own = await reads.orders(CUSTOMER, limit=10, after=None)
    everybodys = await reads.orders(None, limit=10, after=None)
    assert [order.id for order in own.items] == [mine.order_id]
    assert [order.id for order in everybodys.items] == [theirs.order_id, mine.order_id]
    assert own.items[0] == await reads.order(mine.order_id, CUSTOMER)
    assert [(line.sku, line.amount) for line in own.items[0].lines] == [
        ("TEA", "7.98"),
        ("MUG", "12.50"),
    ]
    assert own.items[0].total == "20.48"
    with pytest.raises(OrderNotFound):
        await reads.order(theirs.order_id, CUSTOMER)
