"""The catalogue's ports in memory: what a unit of work does is kept only when it ends well."""

from collections.abc import Awaitable, Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from catalog.application.ports import CatalogWork
from catalog.domain.order import Order
from catalog.domain.product import Product
from catalog.domain.refusals import AlreadyExists, OrderNotFound, ProductNotFound, SkuTaken
from contracts.contract import Command, Event, Message
from contracts.topics import CATALOG_OUTCOMES
from messaging.envelope import Envelope
from messaging.work import Settlement
from testkit.records import envelope_of
from testkit.works import RecordingWork

M = TypeVar("M", bound=Message)
R = TypeVar("R")


@dataclass
class MemoryProducts:
    stored: dict[UUID, Product] = field(default_factory=dict)

    async def get(self, product_id: UUID) -> Product:
        if product_id not in self.stored:
            raise ProductNotFound(product_id)
        return deepcopy(self.stored[product_id])

    async def get_all(self, product_ids: Iterable[UUID]) -> dict[UUID, Product]:
        return {product_id: await self.get(product_id) for product_id in product_ids}

    async def add(self, product: Product) -> None:
        if product.id in self.stored:
            raise AlreadyExists("product", product.id)
        if product.sku in {other.sku for other in self.stored.values()}:
            raise SkuTaken(product.sku)
        self.stored[product.id] = deepcopy(product)

    async def save(self, product: Product) -> None:
        assert product.version > self.stored[product.id].version
        self.stored[product.id] = deepcopy(product)


@dataclass
class MemoryOrders:
    stored: dict[UUID, Order] = field(default_factory=dict)
    awaits: dict[UUID, UUID] = field(default_factory=dict)

    async def get(self, order_id: UUID, *, customer_id: UUID | None = None) -> Order:
        order = self.stored.get(order_id)
        if order is None or customer_id not in {None, order.customer_id}:
            raise OrderNotFound(order_id)
        return deepcopy(order)

    async def awaiting(self, command_id: UUID) -> Order | None:
        order_id = self.awaits.get(command_id)
        return None if order_id is None else await self.get(order_id)

    async def add(self, order: Order, *, awaits: Iterable[UUID]) -> None:
        if order.id in self.stored:
            raise AlreadyExists("order", order.id)
        self.stored[order.id] = deepcopy(order)
        self.awaits |= dict.fromkeys(awaits, order.id)

    async def save(self, order: Order) -> None:
        assert order.version > self.stored[order.id].version
        self.stored[order.id] = deepcopy(order)


class MemoryWork(RecordingWork):
    """See catalog.application.ports.CatalogWork."""

    def __init__(self, cause: Envelope, products: MemoryProducts, orders: MemoryOrders) -> None:
        super().__init__(source="catalog", cause=cause, outcomes=CATALOG_OUTCOMES)
        self.products = products
        self.orders = orders


@dataclass
class MemoryCatalog:
    """All that the units of work have left behind."""

    products: dict[UUID, Product] = field(default_factory=dict)
    orders: dict[UUID, Order] = field(default_factory=dict)
    awaits: dict[UUID, UUID] = field(default_factory=dict)
    announced: list[tuple[Event, int]] = field(default_factory=list)
    asked: dict[UUID, Command] = field(default_factory=dict)
    unanswered: set[UUID] = field(default_factory=set)
    settled: list[tuple[UUID, Settlement]] = field(default_factory=list)

    async def handle(self, handler: Callable[[M, CatalogWork], Awaitable[R]], message: M) -> R:
        work = MemoryWork(
            envelope_of(message),
            MemoryProducts(dict(self.products)),
            MemoryOrders(dict(self.orders), dict(self.awaits)),
        )
        result = await handler(message, work)
        self.products, self.orders = work.products.stored, work.orders.stored
        self.awaits = work.orders.awaits
        self.announced += zip(work.announced, work.versions, strict=True)
        self.asked |= work.asked
        self.unanswered = (self.unanswered | work.asked.keys()) - set(work.answers)
        self.settled += work.settled.items()
        return result

    def events(self) -> list[Event]:
        return [event for event, _version in self.announced]

    def types(self) -> list[str]:
        return [event.type for event in self.events()]
