"""What the catalogue refuses, with the figures."""

from uuid import UUID


class Refusal(Exception):
    """A rule of the catalogue said no; nothing has changed."""


class ProductNotFound(Refusal):
    def __init__(self, product_id: UUID) -> None:
        super().__init__("there is no such product")
        self.product_id = product_id


class OrderNotFound(Refusal):
    def __init__(self, order_id: UUID) -> None:
        super().__init__("there is no such order")
        self.order_id = order_id


class AlreadyExists(Refusal):
    def __init__(self, what: str, id: UUID) -> None:
        super().__init__(f"this {what} exists already")
        self.id = id


class SkuTaken(Refusal):
    def __init__(self, sku: str) -> None:
        super().__init__(f"another product has the SKU {sku}")
        self.sku = sku


class StaleVersion(Refusal):
    def __init__(self, product_id: UUID, *, expected_version: int, version: int) -> None:
        super().__init__(f"the product is at version {version}, not {expected_version}")
        self.product_id = product_id
        self.expected_version = expected_version
        self.version = version


class CurrencyMismatch(Refusal):
    def __init__(self, product_id: UUID, *, currency: str, requested_currency: str) -> None:
        super().__init__(f"the product is priced in {currency}, not in {requested_currency}")
        self.product_id = product_id
        self.currency = currency
        self.requested_currency = requested_currency


class InsufficientStock(Refusal):
    def __init__(self, product_id: UUID, *, requested: int, available: int) -> None:
        super().__init__("less is available than was requested")
        self.product_id = product_id
        self.requested = requested
        self.available = available


class StockTooLarge(Refusal):
    def __init__(self, product_id: UUID, *, requested: int, largest: int) -> None:
        super().__init__("more would be on hand than a shelf can hold")
        self.product_id = product_id
        self.requested = requested
        self.largest = largest


class MixedCurrencies(Refusal):
    def __init__(self, currencies: list[str]) -> None:
        super().__init__(f"an order has one currency, not {' and '.join(currencies)}")
        self.currencies = currencies


class TotalTooLarge(Refusal):
    def __init__(self, *, total: int, currency: str) -> None:
        super().__init__("the order's total is beyond the largest amount")
        self.total = total
        self.currency = currency


class OrderBeingPaid(Refusal):
    def __init__(self, order_id: UUID) -> None:
        super().__init__("the order is being paid at this moment")
        self.order_id = order_id


class OrderPaid(Refusal):
    def __init__(self, order_id: UUID) -> None:
        super().__init__("the order is paid")
        self.order_id = order_id


class OrderIsCancelled(Refusal):
    def __init__(self, order_id: UUID, *, cancel_reason: str | None) -> None:
        super().__init__("the order is cancelled already")
        self.order_id = order_id
        self.cancel_reason = cancel_reason
