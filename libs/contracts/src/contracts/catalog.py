"""What the catalogue takes, announces and shows."""

from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, field_validator, model_validator

from contracts.contract import Body, Command, Event, VersionedView, View
from contracts.money import AmountText, CurrencyCode, DecimalText, MinorUnits
from contracts.topics import CATALOG_COMMANDS, CATALOG_EVENTS, Topic

OrderStatus = Literal["placed", "confirmed", "cancelled"]
PaymentStatus = Literal["pending", "held", "paid", "released", "refused"]
Quantity = Annotated[int, Field(strict=True, ge=1, le=1_000)]
Sku = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
ProductName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
ProductDescription = Annotated[str, StringConstraints(max_length=5_000)]
StockDelta = Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000)]


class ProductRequest(Body):
    """Staff add a product; `stock` is what lies on the shelf at the start."""

    sku: Sku
    name: ProductName
    description: ProductDescription = ""
    price: AmountText
    currency: CurrencyCode
    stock: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] = 0


class ProductPatch(Body):
    """Staff change a product; what isn't named stays."""

    name: ProductName | None = None
    description: ProductDescription | None = None
    price: AmountText | None = None
    currency: CurrencyCode | None = None

    @model_validator(mode="after")
    def _a_price_has_a_currency(self) -> Self:
        if (self.price is None) != (self.currency is None):
            raise ValueError("price and currency go together")
        return self


class StockRequest(Body):
    """Goods have come in (positive) or gone out otherwise than by an order (negative)."""

    delta: StockDelta

    @field_validator("delta")
    @classmethod
    def _changes_something(cls, delta: int) -> int:
        if delta == 0:
            raise ValueError("a delta of 0 changes nothing")
        return delta

    reason: Annotated[str, StringConstraints(max_length=200)] = ""


class OrderLineRequest(Body):
    """So many of one product."""

    product_id: UUID
    quantity: Quantity


class OrderRequest(Body):
    """A customer buys, and pays from an account of their own."""

    account_id: UUID
    lines: Annotated[list[OrderLineRequest], Field(min_length=1, max_length=50)]


class CatalogCommand(Command):
    """Sent by the gateway."""

    topic: ClassVar[Topic] = CATALOG_COMMANDS


class CreateProduct(CatalogCommand):
    """Answered with a ProductView."""

    aggregate: ClassVar[str] = "product_id"
    type: Literal["CreateProduct"] = "CreateProduct"
    product_id: UUID
    sku: str
    name: str
    description: str = ""
    price: MinorUnits
    currency: CurrencyCode
    stock: int = Field(default=0, ge=0)


class ChangeProduct(CatalogCommand):
    """Answered with a ProductView; refused when `expected_version` is stale.

    A price comes with its currency, which must be the product's.
    """

    aggregate: ClassVar[str] = "product_id"
    type: Literal["ChangeProduct"] = "ChangeProduct"
    product_id: UUID
    expected_version: int
    name: str | None = None
    description: str | None = None
    price: MinorUnits | None = None
    currency: CurrencyCode | None = None


class AdjustStock(CatalogCommand):
    """Answered with a ProductView; refused when less would be on hand than is reserved."""

    aggregate: ClassVar[str] = "product_id"
    type: Literal["AdjustStock"] = "AdjustStock"
    product_id: UUID
    delta: int
    reason: str = ""


class OrderLine(View):
    """So many of one product."""

    product_id: UUID
    quantity: int = Field(ge=1)


class PlaceOrder(CatalogCommand):
    """Answered with an OrderView when the order is confirmed, or refused with the reason.

    The answer comes at the end of the saga: stock reserved, money held, money captured.
    """

    aggregate: ClassVar[str] = "order_id"
    type: Literal["PlaceOrder"] = "PlaceOrder"
    order_id: UUID
    customer_id: UUID
    account_id: UUID
    lines: list[OrderLine]


class CancelOrder(CatalogCommand):
    """Answered with an OrderView; refused once the order is paid.

    `customer_id` is the person who must have placed it, or None when staff act.
    """

    aggregate: ClassVar[str] = "order_id"
    type: Literal["CancelOrder"] = "CancelOrder"
    order_id: UUID
    customer_id: UUID | None = None


class CatalogEvent(Event):
    """Announced by the catalogue."""

    topic: ClassVar[Topic] = CATALOG_EVENTS


class ProductChanged(CatalogEvent):
    """A product is new or has new details; the event holds all of them."""

    aggregate: ClassVar[str] = "product_id"
    type: Literal["ProductChanged"] = "ProductChanged"
    product_id: UUID
    sku: str
    name: str
    description: str
    price: MinorUnits
    currency: CurrencyCode


class StockChanged(CatalogEvent):
    """On hand or reserved has changed; the event holds both."""

    aggregate: ClassVar[str] = "product_id"
    type: Literal["StockChanged"] = "StockChanged"
    product_id: UUID
    on_hand: int
    reserved: int
    reason: str


class PricedLine(View):
    """A line of an order at the price of the day it was placed, in minor units."""

    product_id: UUID
    sku: str
    name: str
    quantity: int
    unit_price: int


class OrderPlaced(CatalogEvent):
    """Stock is reserved and payment has been asked for."""

    aggregate: ClassVar[str] = "order_id"
    type: Literal["OrderPlaced"] = "OrderPlaced"
    order_id: UUID
    customer_id: UUID
    account_id: UUID
    lines: list[PricedLine]
    total: MinorUnits
    currency: CurrencyCode


class OrderPaymentChanged(CatalogEvent):
    """The payment has moved on while the order stays what it is: money is held, or given back."""

    aggregate: ClassVar[str] = "order_id"
    type: Literal["OrderPaymentChanged"] = "OrderPaymentChanged"
    order_id: UUID
    customer_id: UUID
    payment_status: PaymentStatus


class OrderConfirmed(CatalogEvent):
    """The order is paid and its stock has left the shelf."""

    aggregate: ClassVar[str] = "order_id"
    type: Literal["OrderConfirmed"] = "OrderConfirmed"
    order_id: UUID
    customer_id: UUID
    transaction_id: UUID


class OrderCancelled(CatalogEvent):
    """The order is off; its stock is free again and nothing is charged."""

    aggregate: ClassVar[str] = "order_id"
    type: Literal["OrderCancelled"] = "OrderCancelled"
    order_id: UUID
    customer_id: UUID
    reason: str


CatalogCommands = Annotated[
    CreateProduct | ChangeProduct | AdjustStock | PlaceOrder | CancelOrder,
    Field(discriminator="type"),
]
CatalogEvents = Annotated[
    ProductChanged
    | StockChanged
    | OrderPlaced
    | OrderPaymentChanged
    | OrderConfirmed
    | OrderCancelled,
    Field(discriminator="type"),
]


class StockView(View):
    """`available` is what can still be sold: on hand less reserved."""

    on_hand: int
    reserved: int
    available: int


class ProductView(VersionedView):
    """A product as everybody sees it."""

    sku: str
    name: str
    description: str
    price: DecimalText
    currency: CurrencyCode
    stock: StockView


class OrderLineView(View):
    """A line of an order at the price of the day it was placed."""

    product_id: UUID
    sku: str
    name: str
    quantity: int
    unit_price: DecimalText
    amount: DecimalText


class OrderView(VersionedView):
    """An order as its customer and staff see it."""

    customer_id: UUID
    account_id: UUID
    status: OrderStatus
    payment_status: PaymentStatus
    lines: list[OrderLineView]
    total: DecimalText
    currency: CurrencyCode
    transaction_id: UUID | None
    cancel_reason: str | None
