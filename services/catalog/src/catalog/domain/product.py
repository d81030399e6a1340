from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from catalog.domain.refusals import (
    CurrencyMismatch,
    InsufficientStock,
    StaleVersion,
    StockTooLarge,
)

LARGEST_STOCK: Final = 1_000_000_000
"""Pieces on hand; far below what the stores' 64-bit integers hold."""


@dataclass(kw_only=True)
class Product:
    """Something that is sold, and how much of it there is.

    `0 <= reserved <= on_hand <= LARGEST_STOCK` always. Reserved pieces belong to orders that are
    being paid: they are released or leave the shelf, and nothing else takes them.
    """

    id: UUID
    sku: str
    name: str
    description: str
    price: int
    currency: str
    created_at: datetime
    on_hand: int = 0
    reserved: int = 0
    version: int = 1

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved

    def change(
        self,
        *,
        expected_version: int,
        name: str | None = None,
        description: str | None = None,
        price: int | None = None,
        currency: str | None = None,
    ) -> None:
        """What is None stays. Orders keep the price of the day they were placed.

        `currency` is the one that `price` was given in: it has to be the product's.
        """
        if expected_version != self.version:
            raise StaleVersion(self.id, expected_version=expected_version, version=self.version)
        if currency is not None and currency != self.currency:
            raise CurrencyMismatch(self.id, currency=self.currency, requested_currency=currency)
        self.name = self.name if name is None else name
        self.description = self.description if description is None else description
        self.price = self.price if price is None else price
        self.version += 1

    def adjust(self, delta: int) -> None:
        """Pieces have come in, or gone otherwise than by an order."""
        self._require_available(-delta)
        if self.on_hand + delta > LARGEST_STOCK:
            raise StockTooLarge(self.id, requested=self.on_hand + delta, largest=LARGEST_STOCK)
        self.on_hand += delta
        self.version += 1

    def reserve(self, quantity: int) -> None:
        assert quantity > 0, "an order has at least one piece of a product"
        self._require_available(quantity)
        self.reserved += quantity
        self.version += 1

    def release(self, quantity: int) -> None:
        assert 0 < quantity <= self.reserved, "a reservation is released once"
        self.reserved -= quantity
        self.version += 1

    def hand_over(self, quantity: int) -> None:
        """Reserved pieces leave the shelf."""
        assert 0 < quantity <= self.reserved, "a reservation is handed over once"
        self.reserved -= quantity
        self.on_hand -= quantity
        self.version += 1

    def _require_available(self, quantity: int) -> None:
        if quantity > self.available:
            raise InsufficientStock(self.id, requested=quantity, available=self.available)
