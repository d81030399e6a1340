"""What can be looked up in the catalogue's documents."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pymongo import DESCENDING

from catalog.adapters.documents import ORDERS, PRODUCTS, order_from, product_from
from catalog.application.views import order_view, product_view
from catalog.domain.refusals import OrderNotFound, ProductNotFound
from catalog.domain.search import search_words
from contracts.catalog import OrderView, ProductView
from contracts.paging import Page
from storage.mongo.database import Document, MongoDatabase
from storage.mongo.reading import VISIBLE
from storage.pages import cut_page, id_in


class MongoCatalogReads:
    """See catalog.application.ports.CatalogReads."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    async def product(self, product_id: UUID) -> ProductView:
        found = await self._database[PRODUCTS].find_one({"_id": product_id, **VISIBLE})
        if found is None:
            raise ProductNotFound(product_id)
        return product_view(product_from(found))

    async def products(self, query: str, *, limit: int, after: str | None) -> Page[ProductView]:
        words = [{"search_text": {"$regex": re.escape(word)}} for word in search_words(query)]
        found, cursor = await self._page(
            PRODUCTS, {"$and": words} if words else {}, limit=limit, after=after
        )
        return Page(items=[product_view(product_from(item)) for item in found], next=cursor)

    async def order(self, order_id: UUID, customer_id: UUID | None) -> OrderView:
        found = await self._database[ORDERS].find_one({"_id": order_id, **VISIBLE})
        if found is None or customer_id not in (None, found["customer_id"]):
            raise OrderNotFound(order_id)
        return order_view(order_from(found))

    async def orders(
        self, customer_id: UUID | None, *, limit: int, after: str | None
    ) -> Page[OrderView]:
        whose = {} if customer_id is None else {"customer_id": customer_id}
        found, cursor = await self._page(ORDERS, whose, limit=limit, after=after)
        return Page(items=[order_view(order_from(item)) for item in found], next=cursor)

    async def _page(
        self, collection: str, wanted: dict[str, Any], *, limit: int, after: str | None
    ) -> tuple[Sequence[Document], str | None]:
        older = {} if after is None else {"_id": {"$lt": id_in(after)}}
        documents = self._database[collection].find({**VISIBLE, **wanted, **older})
        rows = await documents.sort("_id", DESCENDING).limit(limit + 1).to_list()
        return cut_page(rows, limit, lambda document: document["_id"])
