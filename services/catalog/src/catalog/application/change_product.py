from catalog.application.events import product_changed
from catalog.application.ports import CatalogWork
from catalog.application.views import product_view
from contracts.catalog import ChangeProduct, ProductView


async def change_product(command: ChangeProduct, work: CatalogWork) -> ProductView:
    product = await work.products.get(command.product_id)
    product.change(
        expected_version=command.expected_version,
        name=command.name,
        description=command.description,
        price=command.price,
        currency=command.currency,
    )
    await work.products.save(product)
    work.announce(product_changed(product), version=product.version)
    return product_view(product)
