"""From rows of the SQL store to the domain."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.adapters.tables import order_lines
from catalog.domain.order import Order, OrderLine
from catalog.domain.product import Product


def product_from(row: Any) -> Product:
    fields = dict(row._mapping)
    del fields["search_text"]
    return Product(**fields)


def order_from(row: Any, lines: Sequence[OrderLine]) -> Order:
    fields = dict(row._mapping)
    del fields["total"]
    return Order(**fields, lines=tuple(lines))


async def fetch_lines(
    connection: AsyncConnection, order_ids: Iterable[UUID]
) -> dict[UUID, list[OrderLine]]:
    """The lines of several orders at once, each order's in their order."""
    query = (
        select(order_lines)
        .where(order_lines.c.order_id.in_(list(order_ids)))
        .order_by(order_lines.c.order_id, order_lines.c.position)
    )
    lines: dict[UUID, list[OrderLine]] = defaultdict(list)
    for row in (await connection.execute(query)).all():
        fields = dict(row._mapping)
        del fields["position"]
        lines[fields.pop("order_id")].append(OrderLine(**fields))
    return lines
