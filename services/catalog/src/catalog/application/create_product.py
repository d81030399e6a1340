from datetime import UTC, datetime

from catalog.application.events import product_changed, stock_changed
from catalog.application.ports import CatalogWork
from catalog.application.views import product_view
from catalog.domain.product import Product
from contracts.catalog import CreateProduct, ProductView


async def create_product(command: CreateProduct, work: CatalogWork) -> ProductView:
    product = Product(
        id=command.product_id,
        sku=command.sku,
        name=command.name,
        description=command.description,
        price=command.price,
        currency=command.currency,
        created_at=datetime.now(UTC),
    )
    work.announce(product_changed(product), version=product.version)
    if command.stock:
        product.adjust(command.stock)
        work.announce(stock_changed(product, "initial-stock"), version=product.version)
    await work.products.add(product)
    return product_view(product)
