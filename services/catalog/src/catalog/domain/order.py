from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from catalog.domain.payment import STEPS, Happening, OrderStatus, PaymentStatus, Step
from catalog.domain.product import Product
from catalog.domain.refusals import (
    MixedCurrencies,
    OrderBeingPaid,
    OrderIsCancelled,
    OrderPaid,
    TotalTooLarge,
)

LARGEST_TOTAL: Final = 2**53 - 1
"""In minor units: the last integer that every reader of JSON holds exactly."""


@dataclass(frozen=True, kw_only=True)
class OrderLine:
    """So many of one product, at the price of the day the order was placed."""

    product_id: UUID
    sku: str
    name: str
    quantity: int
    unit_price: int

    @property
    def amount(self) -> int:
        return self.quantity * self.unit_price


@dataclass(kw_only=True)
class Order:
    """What a customer buys, and how its payment stands.

    Every product has one line, all lines have one currency. While the order is `placed` its
    quantities are reserved; a confirmed order is paid; a cancelled one charges nothing. It moves
    only along `STEPS`. `placed_by` is the command that is answered when it leaves `placed`.
    """

    id: UUID
    customer_id: UUID
    account_id: UUID
    placed_by: UUID
    lines: tuple[OrderLine, ...]
    currency: str
    created_at: datetime
    status: OrderStatus = "placed"
    payment_status: PaymentStatus = "pending"
    transaction_id: UUID | None = None
    cancel_reason: str | None = None
    version: int = 1

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)

    def cancel(self, reason: str) -> Step:
        """Raises OrderBeingPaid once the capture is asked for, OrderPaid, OrderIsCancelled."""
        if self.status == "confirmed":
            raise OrderPaid(self.id)
        if self.status == "cancelled":
            raise OrderIsCancelled(self.id, cancel_reason=self.cancel_reason)
        step = self._advance("cancel", reason)
        if step is None:
            raise OrderBeingPaid(self.id)
        return step

    def hold_placed(self) -> Step | None:
        """None here and below: it is known already, or changes nothing any more."""
        return self._advance("held")

    def hold_refused(self, reason: str) -> Step | None:
        return self._advance("not_held", reason)

    def hold_captured(self, transaction_id: UUID) -> Step | None:
        step = self._advance("captured")
        if step:
            self.transaction_id = transaction_id
        return step

    def capture_refused(self, reason: str) -> Step | None:
        return self._advance("not_captured", reason)

    def hold_voided(self) -> Step | None:
        return self._advance("voided")

    def _advance(self, happening: Happening, reason: str | None = None) -> Step | None:
        step = STEPS.get(((self.status, self.payment_status), happening))
        if step is None:
            return None
        if self.status == "placed" and step.status == "cancelled":
            self.cancel_reason = reason
        self.status = step.status
        self.payment_status = step.payment_status
        self.version += 1
        return step


def quantities(lines: Iterable[tuple[UUID, int]]) -> dict[UUID, int]:
    """How many of each product: lines of equal products become one."""
    merged: dict[UUID, int] = {}
    for product_id, quantity in lines:
        merged[product_id] = merged.get(product_id, 0) + quantity
    return merged


def place(
    wanted: Mapping[UUID, int],
    products: Mapping[UUID, Product],
    *,
    id: UUID,
    customer_id: UUID,
    account_id: UUID,
    placed_by: UUID,
    at: datetime,
) -> Order:
    """Price the wanted quantities as of now and reserve them.

    Raises MixedCurrencies, TotalTooLarge and InsufficientStock; then `products` must not be saved.
    """
    lines = tuple(_priced(products[product_id], wanted[product_id]) for product_id in wanted)
    order = Order(
        id=id,
        customer_id=customer_id,
        account_id=account_id,
        placed_by=placed_by,
        lines=lines,
        currency=_only_currency(products[product_id] for product_id in wanted),
        created_at=at,
    )
    if order.total > LARGEST_TOTAL:
        raise TotalTooLarge(total=order.total, currency=order.currency)
    for line in lines:
        products[line.product_id].reserve(line.quantity)
    return order


def _priced(product: Product, quantity: int) -> OrderLine:
    return OrderLine(
        product_id=product.id,
        sku=product.sku,
        name=product.name,
        quantity=quantity,
        unit_price=product.price,
    )


def _only_currency(products: Iterable[Product]) -> str:
    currencies = sorted({product.currency for product in products})
    assert currencies, "an order has at least one line"
    if len(currencies) > 1:
        raise MixedCurrencies(currencies)
    return currencies[0]
