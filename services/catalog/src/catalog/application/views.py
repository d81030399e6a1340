"""From the domain to what clients see: minor units become decimal text here."""

from catalog.domain.order import Order, OrderLine
from catalog.domain.product import Product
from contracts.catalog import OrderLineView, OrderView, ProductView, StockView
from contracts.money import to_decimal_text


def product_view(product: Product) -> ProductView:
    return ProductView(
        id=product.id,
        version=product.version,
        created_at=product.created_at,
        sku=product.sku,
        name=product.name,
        description=product.description,
        price=to_decimal_text(product.price, product.currency),
        currency=product.currency,
        stock=StockView(
            on_hand=product.on_hand, reserved=product.reserved, available=product.available
        ),
    )


def order_view(order: Order) -> OrderView:
    return OrderView(
        id=order.id,
        version=order.version,
        created_at=order.created_at,
        customer_id=order.customer_id,
        account_id=order.account_id,
        status=order.status,
        payment_status=order.payment_status,
        lines=[_line_view(line, order.currency) for line in order.lines],
        total=to_decimal_text(order.total, order.currency),
        currency=order.currency,
        transaction_id=order.transaction_id,
        cancel_reason=order.cancel_reason,
    )


def _line_view(line: OrderLine, currency: str) -> OrderLineView:
    return OrderLineView(
        product_id=line.product_id,
        sku=line.sku,
        name=line.name,
        quantity=line.quantity,
        unit_price=to_decimal_text(line.unit_price, currency),
        amount=to_decimal_text(line.amount, currency),
    )
