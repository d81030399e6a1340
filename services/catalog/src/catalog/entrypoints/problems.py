"""What the catalogue's refusals are called outside."""

from typing import Any, Final

from catalog.application.cancel_order import ORDER_CANCELLED
from catalog.domain import refusals
from contracts.money import to_decimal_text
from contracts.problems import ProblemTable, ProblemType
from storage.pages import BadCursor
from web.problems import STALE


def _with_total(refusal: Any) -> dict[str, Any]:
    total = to_decimal_text(refusal.total, refusal.currency)
    return {"total": total, "currency": refusal.currency}


PROBLEMS: Final[ProblemTable] = {
    refusals.ProductNotFound: ProblemType("product-not-found", 404, "No such product"),
    refusals.OrderNotFound: ProblemType("order-not-found", 404, "No such order"),
    refusals.AlreadyExists: ProblemType("already-exists", 409, "It exists already"),
    refusals.SkuTaken: ProblemType("sku-taken", 409, "The SKU is taken"),
    refusals.StaleVersion: STALE,
    refusals.CurrencyMismatch: ProblemType("currency-mismatch", 422, "Another currency"),
    refusals.InsufficientStock: ProblemType("insufficient-stock", 422, "Not enough in stock"),
    refusals.StockTooLarge: ProblemType("stock-too-large", 422, "The stock would be too large"),
    refusals.MixedCurrencies: ProblemType("mixed-currencies", 422, "More than one currency"),
    refusals.TotalTooLarge: ProblemType(
        "total-too-large", 422, "The total would be too large", _with_total
    ),
    refusals.OrderBeingPaid: ProblemType("order-being-paid", 409, "The order is being paid"),
    refusals.OrderPaid: ProblemType("order-paid", 409, "The order is paid"),
    refusals.OrderIsCancelled: ORDER_CANCELLED,
    BadCursor: ProblemType("invalid-cursor", 400, "Not a cursor of this list"),
}
