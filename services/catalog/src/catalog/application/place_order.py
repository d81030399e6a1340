from datetime import UTC, datetime

from catalog.application.events import order_placed, stock_changed
from catalog.application.order_saga import ask_for_hold, awaited_ids
from catalog.application.ports import CatalogWork
from catalog.domain.order import place, quantities
from contracts.catalog import PlaceOrder


async def place_order(command: PlaceOrder, work: CatalogWork) -> None:
    """Begin the saga; it answers the command when the order leaves `placed`."""
    wanted = quantities((line.product_id, line.quantity) for line in command.lines)
    products = await work.products.get_all(wanted)
    order = place(
        wanted,
        products,
        id=command.order_id,
        customer_id=command.customer_id,
        account_id=command.account_id,
        placed_by=work.cause.id,
        at=datetime.now(UTC),
    )
    await work.orders.add(order, awaits=awaited_ids(order.id))
    work.announce(order_placed(order), version=order.version)
    for product in products.values():
        await work.products.save(product)
        work.announce(stock_changed(product, "order-placed"), version=product.version)
    ask_for_hold(order, work)
