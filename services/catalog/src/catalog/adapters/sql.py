"""The catalogue's ports on PostgreSQL and SQLite."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.adapters.rows import fetch_lines, order_from, product_from
from catalog.adapters.tables import order_lines, orders, products, saga_steps
from catalog.domain.order import Order
from catalog.domain.product import Product
from catalog.domain.refusals import AlreadyExists, OrderNotFound, ProductNotFound, SkuTaken
from catalog.domain.search import search_text
from messaging.work import Postbox
from storage.versions import update_version
from storage.work import SqlWork


class SqlProducts:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._read_versions: dict[UUID, int] = {}

    async def get(self, product_id: UUID) -> Product:
        return (await self.get_all([product_id]))[product_id]

    async def get_all(self, product_ids: Iterable[UUID]) -> dict[UUID, Product]:
        wanted = list(product_ids)
        query = select(products).where(products.c.id.in_(wanted)).order_by(products.c.id)
        found = {row.id: product_from(row) for row in await _locked(self._connection, query)}
        for product_id in wanted:
            if product_id not in found:
                raise ProductNotFound(product_id)
        self._read_versions |= {product.id: product.version for product in found.values()}
        return found

    async def add(self, product: Product) -> None:
        if await _exists(self._connection, products, products.c.id == product.id):
            raise AlreadyExists("product", product.id)
        if await _exists(self._connection, products, products.c.sku == product.sku):
            raise SkuTaken(product.sku)
        await self._connection.execute(insert(products).values(**_product_row(product)))
        self._read_versions[product.id] = product.version

    async def save(self, product: Product) -> None:
        await update_version(
            self._connection,
            products,
            id=product.id,
            read_version=self._read_versions[product.id],
            values=_product_row(product),
        )
        self._read_versions[product.id] = product.version


class SqlOrders:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._read_versions: dict[UUID, int] = {}

    async def get(self, order_id: UUID, *, customer_id: UUID | None = None) -> Order:
        order = await self._find(orders.c.id == order_id)
        if order is None or (customer_id is not None and order.customer_id != customer_id):
            raise OrderNotFound(order_id)
        return order

    async def awaiting(self, command_id: UUID) -> Order | None:
        step = select(saga_steps.c.order_id).where(saga_steps.c.command_id == command_id)
        return await self._find(orders.c.id == step.scalar_subquery())

    async def add(self, order: Order, *, awaits: Iterable[UUID]) -> None:
        if await _exists(self._connection, orders, orders.c.id == order.id):
            raise AlreadyExists("order", order.id)
        await self._connection.execute(insert(orders).values(**_order_row(order)))
        await self._connection.execute(
            insert(order_lines),
            [
                {"order_id": order.id, "position": position, **asdict(line)}
                for position, line in enumerate(order.lines)
            ],
        )
        await self._connection.execute(
            insert(saga_steps),
            [{"command_id": command_id, "order_id": order.id} for command_id in awaits],
        )
        self._read_versions[order.id] = order.version

    async def save(self, order: Order) -> None:
        await update_version(
            self._connection,
            orders,
            id=order.id,
            read_version=self._read_versions[order.id],
            values=_order_row(order),
        )
        self._read_versions[order.id] = order.version

    async def _find(self, condition: "ColumnElement[bool]") -> Order | None:
        rows = await _locked(self._connection, select(orders).where(condition))
        if not rows:
            return None
        lines = await fetch_lines(self._connection, [rows[0].id])
        order = order_from(rows[0], lines[rows[0].id])
        self._read_versions[order.id] = order.version
        return order


class SqlCatalogWork(SqlWork):
    """See catalog.application.ports.CatalogWork."""

    def __init__(self, connection: AsyncConnection, postbox: Postbox) -> None:
        super().__init__(connection, postbox)
        self.products = SqlProducts(connection)
        self.orders = SqlOrders(connection)


def _product_row(product: Product) -> dict[str, Any]:
    return asdict(product) | {"search_text": search_text(product)}


def _order_row(order: Order) -> dict[str, Any]:
    row = asdict(order) | {"total": order.total}
    del row["lines"]
    return row


async def _locked(connection: AsyncConnection, query: "Select[Any]") -> Sequence[Any]:
    rows: Sequence[Any] = (await connection.execute(query.with_for_update())).all()
    return rows


async def _exists(
    connection: AsyncConnection, table: Table, condition: "ColumnElement[bool]"
) -> bool:
    return (await connection.execute(select(table.c.id).where(condition))).first() is not None
