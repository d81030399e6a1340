"""What can be looked up in the catalogue's SQL store."""

from uuid import UUID

from sqlalchemy import select

from catalog.adapters.rows import fetch_lines, order_from, product_from
from catalog.adapters.tables import orders, products
from catalog.application.views import order_view, product_view
from catalog.domain.refusals import OrderNotFound, ProductNotFound
from catalog.domain.search import search_words
from contracts.catalog import OrderView, ProductView
from contracts.paging import Page
from storage.database import Database
from storage.pages import fetch_page


class SqlCatalogReads:
    """See catalog.application.ports.CatalogReads."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def product(self, product_id: UUID) -> ProductView:
        async with self._db.read() as connection:
            row = (
                await connection.execute(select(products).where(products.c.id == product_id))
            ).one_or_none()
        if row is None:
            raise ProductNotFound(product_id)
        return product_view(product_from(row))

    async def products(self, query: str, *, limit: int, after: str | None) -> Page[ProductView]:
        found = select(products).where(
            *(
                products.c.search_text.contains(word, autoescape=True)
                for word in search_words(query)
            )
        )
        async with self._db.read() as connection:
            rows, cursor = await fetch_page(
                connection, found, products.c.id, limit=limit, after=after
            )
        return Page(items=[product_view(product_from(row)) for row in rows], next=cursor)

    async def order(self, order_id: UUID, customer_id: UUID | None) -> OrderView:
        async with self._db.read() as connection:
            row = (
                await connection.execute(select(orders).where(orders.c.id == order_id))
            ).one_or_none()
            if row is None or (customer_id is not None and row.customer_id != customer_id):
                raise OrderNotFound(order_id)
            lines = await fetch_lines(connection, [order_id])
        return order_view(order_from(row, lines[order_id]))

    async def orders(
        self, customer_id: UUID | None, *, limit: int, after: str | None
    ) -> Page[OrderView]:
        query = select(orders)
        if customer_id is not None:
            query = query.where(orders.c.customer_id == customer_id)
        async with self._db.read() as connection:
            rows, cursor = await fetch_page(
                connection, query, orders.c.id, limit=limit, after=after
            )
            lines = await fetch_lines(connection, [row.id for row in rows])
        return Page(items=[order_view(order_from(row, lines[row.id])) for row in rows], next=cursor)
