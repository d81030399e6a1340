import pytest
from services.catalog.tests.unit.memory import MemoryCatalog

from catalog.application.create_product import create_product
from catalog.domain.refusals import AlreadyExists, SkuTaken, StockTooLarge
from contracts.catalog import CreateProduct, ProductChanged, StockChanged, StockView
from contracts.ids import new_id


def create_mug(**fields: object) -> CreateProduct:
    defaults = {"product_id": new_id(), "sku": "MUG", "name": "Mug", "price": 1250}
    return CreateProduct.model_validate(defaults | {"currency": "EUR"} | fields)


async def test_a_new_product_is_announced_with_all_its_details(catalog: MemoryCatalog) -> None:
    command = create_mug(description="White")
    view = await catalog.handle(create_product, command)

    assert (view.id, view.price, view.version) == (command.product_id, "12.50", 1)
    assert catalog.announced == [
        (
            ProductChanged(
                product_id=command.product_id,
                sku="MUG",
                name="Mug",
                description="White",
                price=1250,
                currency="EUR",
            ),
            1,
        )
    ]


async def test_stock_at_the_start_is_announced_as_a_change_of_its_own(
    catalog: MemoryCatalog,
) -> None:
    command = create_mug(stock=8)
    view = await catalog.handle(create_product, command)

    assert view.stock == StockView(on_hand=8, reserved=0, available=8)
    event, version = catalog.announced[-1]
    assert event == StockChanged(
        product_id=command.product_id, on_hand=8, reserved=0, reason="initial-stock"
    )
    assert version == view.version == 2


async def test_a_sku_belongs_to_one_product(catalog: MemoryCatalog) -> None:
    await catalog.handle(create_product, create_mug())
    with pytest.raises(SkuTaken):
        await catalog.handle(create_product, create_mug())
    assert len(catalog.products) == 1
    assert catalog.types() == ["ProductChanged"]


async def test_an_id_belongs_to_one_product(catalog: MemoryCatalog) -> None:
    await catalog.handle(create_product, first := create_mug())
    with pytest.raises(AlreadyExists):
        await catalog.handle(create_product, create_mug(product_id=first.product_id, sku="CUP"))


async def test_more_stock_than_a_shelf_can_hold_is_refused(catalog: MemoryCatalog) -> None:
    with pytest.raises(StockTooLarge):
        await catalog.handle(create_product, create_mug(stock=1_000_000_001))
    assert not catalog.products
