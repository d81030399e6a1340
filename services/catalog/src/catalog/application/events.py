"""From the domain to what is announced."""

from catalog.domain.order import Order
from catalog.domain.product import Product
from contracts.catalog import OrderPlaced, PricedLine, ProductChanged, StockChanged


def product_changed(product: Product) -> ProductChanged:
    return ProductChanged(
        product_id=product.id,
        sku=product.sku,
        name=product.name,
        description=product.description,
        price=product.price,
        currency=product.currency,
    )


def stock_changed(product: Product, reason: str) -> StockChanged:
    return StockChanged(
        product_id=product.id,
        on_hand=product.on_hand,
        reserved=product.reserved,
        reason=reason,
    )


def order_placed(order: Order) -> OrderPlaced:
    return OrderPlaced(
        order_id=order.id,
        customer_id=order.customer_id,
        account_id=order.account_id,
        lines=[PricedLine.model_validate(vars(line)) for line in order.lines],
        total=order.total,
        currency=order.currency,
    )
