import pytest
from services.catalog.tests.unit.conftest import MakeProduct
from services.catalog.tests.unit.memory import MemoryCatalog

from catalog.application.adjust_stock import adjust_stock
from catalog.application.change_product import change_product
from catalog.domain.refusals import InsufficientStock, ProductNotFound, StaleVersion
from contracts.catalog import AdjustStock, ChangeProduct, ProductChanged, StockChanged
from contracts.ids import new_id


async def test_a_change_is_kept_and_announced_whole(
    catalog: MemoryCatalog, make_product: MakeProduct
) -> None:
    mug = make_product(sku="MUG", name="Mug")
    command = ChangeProduct(product_id=mug.id, expected_version=1, price=990, currency="EUR")
    view = await catalog.handle(change_product, command)

    assert (view.name, view.price, view.version) == ("Mug", "9.90", 2)
    assert catalog.products[mug.id].price == 990
    changed = ProductChanged(
        product_id=mug.id, sku="MUG", name="Mug", description="", price=990, currency="EUR"
    )
    assert catalog.announced == [(changed, 2)]


async def test_a_stale_change_is_refused_and_announces_nothing(
    catalog: MemoryCatalog, make_product: MakeProduct
) -> None:
    mug = make_product(name="Mug", version=4)
    with pytest.raises(StaleVersion):
        await catalog.handle(
            change_product, ChangeProduct(product_id=mug.id, expected_version=3, name="Cup")
        )
    assert catalog.products[mug.id].name == "Mug"
    assert not catalog.announced


async def test_an_adjustment_is_kept_and_announced_with_its_reason(
    catalog: MemoryCatalog, make_product: MakeProduct
) -> None:
    mug = make_product(on_hand=10, reserved=3)
    view = await catalog.handle(
        adjust_stock, AdjustStock(product_id=mug.id, delta=-7, reason="broken")
    )

    assert (view.stock.on_hand, view.stock.available, view.version) == (3, 0, 2)
    changed = StockChanged(product_id=mug.id, on_hand=3, reserved=3, reason="broken")
    assert catalog.announced == [(changed, 2)]


async def test_an_adjustment_leaves_what_is_reserved(
    catalog: MemoryCatalog, make_product: MakeProduct
) -> None:
    mug = make_product(on_hand=10, reserved=3)
    with pytest.raises(InsufficientStock):
        await catalog.handle(adjust_stock, AdjustStock(product_id=mug.id, delta=-8))
    assert catalog.products[mug.id].on_hand == 10


async def test_nobody_changes_a_product_that_is_not_there(catalog: MemoryCatalog) -> None:
    with pytest.raises(ProductNotFound):
        await catalog.handle(adjust_stock, AdjustStock(product_id=new_id(), delta=1))
    with pytest.raises(ProductNotFound):
        await catalog.handle(
            change_product, ChangeProduct(product_id=new_id(), expected_version=1, name="Cup")
        )
