"""What the use cases need of the outside world."""

from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

from pydantic import BaseModel

from catalog.domain.order import Order
from catalog.domain.product import Product
from contracts.catalog import OrderView, ProductView
from contracts.contract import Command, Event
from contracts.paging import Page
from contracts.problems import Problem


class Products(Protocol):
    async def get(self, product_id: UUID) -> Product:
        """The product, for this unit of work alone. Raises ProductNotFound."""

    async def get_all(self, product_ids: Iterable[UUID]) -> dict[UUID, Product]:
        """The same for several, taken in the order of their ids so that nobody waits in a ring."""

    async def add(self, product: Product) -> None:
        """Raises AlreadyExists and SkuTaken."""

    async def save(self, product: Product) -> None:
        """Write back what has been read."""


class Orders(Protocol):
    async def get(self, order_id: UUID, *, customer_id: UUID | None = None) -> Order:
        """The order, for this unit of work alone.

        Raises OrderNotFound, also when a customer is given and it is somebody else's.
        """

    async def awaiting(self, command_id: UUID) -> Order | None:
        """The order that was added with this id, for this unit of work alone."""

    async def add(self, order: Order, *, awaits: Iterable[UUID]) -> None:
        """With the ids of the commands whose outcomes lead back to it. Raises AlreadyExists."""

    async def save(self, order: Order) -> None:
        """Write back what has been read."""


class Cause(Protocol):
    """The message being handled."""

    @property
    def id(self) -> UUID: ...


class CatalogWork(Protocol):
    """One unit of work of the catalogue."""

    @property
    def products(self) -> Products: ...

    @property
    def orders(self) -> Orders: ...

    @property
    def cause(self) -> Cause: ...

    def announce(self, event: Event, *, version: int) -> None: ...

    def ask(self, command: Command, *, command_id: UUID) -> None:
        """Send a command to another service, again and again until `answered`."""

    def answered(self, command_id: UUID) -> None: ...

    def succeed(self, command_id: UUID, result: BaseModel | None) -> None:
        """Answer a command that was left open."""

    def refuse(self, command_id: UUID, problem: Problem) -> None:
        """Answer a command that was left open."""


class CatalogReads(Protocol):
    """What can be looked up. `customer_id` limits orders to one person's; None sees everybody's."""

    async def product(self, product_id: UUID) -> ProductView:
        """Raises ProductNotFound."""

    async def products(self, query: str, *, limit: int, after: str | None) -> Page[ProductView]:
        """Newest first; with a query, those in whose texts all its words occur."""

    async def order(self, order_id: UUID, customer_id: UUID | None) -> OrderView:
        """Raises OrderNotFound."""

    async def orders(
        self, customer_id: UUID | None, *, limit: int, after: str | None
    ) -> Page[OrderView]:
        """Newest first."""
