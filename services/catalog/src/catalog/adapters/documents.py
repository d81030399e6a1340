"""From the domain to documents of MongoDB and back. An order is one document, with its lines."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from catalog.domain.order import Order, OrderLine
from catalog.domain.product import Product
from catalog.domain.search import search_text

PRODUCTS: Final = "products"
ORDERS: Final = "orders"


def product_document(product: Product) -> dict[str, Any]:
    fields = asdict(product)
    return {
        "_id": fields.pop("id"),
        **fields,
        "created_at": _moment_text(product.created_at),
        "search_text": search_text(product),
    }


def product_from(document: Mapping[str, Any]) -> Product:
    return Product(
        id=document["_id"],
        sku=document["sku"],
        name=document["name"],
        description=document["description"],
        price=document["price"],
        currency=document["currency"],
        created_at=datetime.fromisoformat(document["created_at"]),
        on_hand=document["on_hand"],
        reserved=document["reserved"],
        version=document["version"],
    )


def order_document(order: Order, *, awaits: Sequence[UUID]) -> dict[str, Any]:
    """`awaits`: the ids of the commands whose outcomes lead back to the order."""
    fields = asdict(order)
    return {
        "_id": fields.pop("id"),
        **fields,
        "created_at": _moment_text(order.created_at),
        "lines": [asdict(line) for line in order.lines],
        "total": order.total,
        "awaits": list(awaits),
    }


def order_from(document: Mapping[str, Any]) -> Order:
    return Order(
        id=document["_id"],
        customer_id=document["customer_id"],
        account_id=document["account_id"],
        placed_by=document["placed_by"],
        lines=tuple(OrderLine(**line) for line in document["lines"]),
        currency=document["currency"],
        created_at=datetime.fromisoformat(document["created_at"]),
        status=document["status"],
        payment_status=document["payment_status"],
        transaction_id=document["transaction_id"],
        cancel_reason=document["cancel_reason"],
        version=document["version"],
    )


def _moment_text(moment: datetime) -> str:
    """As text, for MongoDB's own dates end at milliseconds and views show microseconds."""
    return moment.astimezone(UTC).isoformat()
