import pytest
from services.catalog.tests.unit.conftest import MakeProduct
from services.catalog.tests.unit.memory import MemoryCatalog
from services.catalog.tests.unit.ordering import ACCOUNT, CUSTOMER, asked, place

from catalog.domain.refusals import InsufficientStock, ProductNotFound
from contracts.catalog import OrderPlaced, PricedLine, StockChanged
from contracts.ids import derived_id, new_id
from contracts.ledger import PlaceHold


async def test_a_placed_order_reserves_its_stock_and_asks_for_the_money(
    catalog: MemoryCatalog, make_product: MakeProduct
) -> None:
    mug = make_product(price=1250)
    order = await place(catalog, (mug.id, 2))

    assert catalog.products[mug.id].reserved == 2
    assert asked(catalog, "PlaceHold") == (
        derived_id(order.id, "place-hold"),
        PlaceHold(
            hold_id=derived_id(order.id, "hold"),
            account_id=ACCOUNT,
            amount=2_500,
            currency="EUR",
            description=f"Order {order.id}",
            owner_id=CUSTOMER,
        ),
    )


async def test_a_placed_order_is_announced_with_its_lines_and_the_stock_it_takes(
    catalog: MemoryCatalog, make_product: MakeProduct
) -> None:
    mug = make_product(sku="MUG", name="Mug", price=1250)
    order = await place(catalog, (mug.id, 2))

    line = PricedLine(product_id=mug.id, sku="MUG", name="Mug", quantity=2, unit_price=1250)
    assert catalog.announced == [
        (
            OrderPlaced(
                order_id=order.id,
                customer_id=CUSTOMER,
                account_id=ACCOUNT,
                lines=[line],
                total=2_500,
                currency="EUR",
            ),
            1,
        ),
        (StockChanged(product_id=mug.id, on_hand=10, reserved=2, reason="order-placed"), 2),
    ]


async def test_an_order_is_not_answered_before_it_is_paid(
    catalog: MemoryCatalog, make_product: MakeProduct
) -> None:
    await place(catalog, (make_product().id, 1))
    assert not catalog.settled


async def test_lines_of_the_same_product_become_one(
    catalog: MemoryCatalog, make_product: MakeProduct
) -> None:
    mug, tea = make_product(), make_product()
    order = await place(catalog, (mug.id, 2), (tea.id, 1), (mug.id, 3))
    assert [(line.product_id, line.quantity) for line in order.lines] == [(mug.id, 5), (tea.id, 1)]


async def test_together_the_lines_of_a_product_may_not_exceed_its_stock(
    catalog: MemoryCatalog, make_product: MakeProduct
) -> None:
    mug = make_product(on_hand=4)
    with pytest.raises(InsufficientStock) as refusal:
        await place(catalog, (mug.id, 2), (mug.id, 3))
    assert (refusal.value.requested, refusal.value.available) == (5, 4)


async def test_a_refused_order_reserves_nothing_and_asks_for_nothing(
    catalog: MemoryCatalog, make_product: MakeProduct
) -> None:
    mug, tea = make_product(), make_product(on_hand=0)
    with pytest.raises(InsufficientStock):
        await place(catalog, (mug.id, 2), (tea.id, 1))
    assert catalog.products[mug.id].reserved == 0
    assert [catalog.orders, catalog.announced, catalog.asked] == [{}, [], {}]


async def test_an_order_for_an_unknown_product_is_refused(catalog: MemoryCatalog) -> None:
    with pytest.raises(ProductNotFound):
        await place(catalog, (new_id(), 1))
