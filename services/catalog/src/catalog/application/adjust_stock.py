from catalog.application.events import stock_changed
from catalog.application.ports import CatalogWork
from catalog.application.views import product_view
from contracts.catalog import AdjustStock, ProductView


async def adjust_stock(command: AdjustStock, work: CatalogWork) -> ProductView:
    product = await work.products.get(command.product_id)
    product.adjust(command.delta)
    await work.products.save(product)
    work.announce(stock_changed(product, command.reason), version=product.version)
    return product_view(product)
