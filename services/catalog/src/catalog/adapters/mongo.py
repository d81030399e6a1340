"""The catalogue's ports on MongoDB."""

from collections.abc import Iterable
from uuid import UUID

from pymongo import ASCENDING, DESCENDING

from catalog.adapters.documents import (
    ORDERS,
    PRODUCTS,
    order_document,
    order_from,
    product_document,
    product_from,
)
from catalog.domain.order import Order
from catalog.domain.product import Product
from catalog.domain.refusals import AlreadyExists, OrderNotFound, ProductNotFound, SkuTaken
from messaging.work import Postbox
from storage.mongo.database import Document, MongoDatabase
from storage.mongo.documents import Documents
from storage.mongo.work import MongoWork


class MongoProducts:
    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def get(self, product_id: UUID) -> Product:
        document = await self._documents.get(PRODUCTS, product_id)
        if document is None:
            raise ProductNotFound(product_id)
        return product_from(document)

    async def get_all(self, product_ids: Iterable[UUID]) -> dict[UUID, Product]:
        return {product_id: await self.get(product_id) for product_id in sorted(product_ids)}

    async def add(self, product: Product) -> None:
        if await self._documents.get(PRODUCTS, product.id):
            raise AlreadyExists("product", product.id)
        if await self._documents.find_one(PRODUCTS, {"sku": product.sku}):
            raise SkuTaken(product.sku)
        self._documents.add(PRODUCTS, product_document(product))

    async def save(self, product: Product) -> None:
        self._documents.save(PRODUCTS, product_document(product))


class MongoOrders:
    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._awaits: dict[UUID, list[UUID]] = {}

    async def get(self, order_id: UUID, *, customer_id: UUID | None = None) -> Order:
        document = await self._documents.get(ORDERS, order_id)
        if document is None or customer_id not in (None, document["customer_id"]):
            raise OrderNotFound(order_id)
        return self._read(document)

    async def awaiting(self, command_id: UUID) -> Order | None:
        document = await self._documents.find_one(ORDERS, {"awaits": command_id})
        return None if document is None else self._read(document)

    async def add(self, order: Order, *, awaits: Iterable[UUID]) -> None:
        if await self._documents.get(ORDERS, order.id):
            raise AlreadyExists("order", order.id)
        self._awaits[order.id] = list(awaits)
        self._documents.add(ORDERS, order_document(order, awaits=self._awaits[order.id]))

    async def save(self, order: Order) -> None:
        self._documents.save(ORDERS, order_document(order, awaits=self._awaits[order.id]))

    def _read(self, document: Document) -> Order:
        order = order_from(document)
        self._awaits[order.id] = document["awaits"]
        return order


class MongoCatalogWork(MongoWork):
    """See catalog.application.ports.CatalogWork."""

    def __init__(self, documents: Documents, postbox: Postbox) -> None:
        super().__init__(documents, postbox)
        self.products = MongoProducts(documents)
        self.orders = MongoOrders(documents)


async def make_indexes(database: MongoDatabase) -> None:
    """What makes SKUs and awaited ids unique, and finds a customer's orders."""
    products, orders = database[PRODUCTS], database[ORDERS]
    await products.create_index("sku", unique=True)
    await orders.create_index("awaits", unique=True)
    await orders.create_index([("customer_id", ASCENDING), ("_id", DESCENDING)])
