from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product as pairs
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from services.catalog.tests.unit.conftest import MakeProduct

from catalog.domain.order import LARGEST_TOTAL, Order, OrderLine, place, quantities
from catalog.domain.payment import STEPS, OrderStatus, PaymentStatus, State, Step
from catalog.domain.product import Product
from catalog.domain.refusals import (
    InsufficientStock,
    MixedCurrencies,
    OrderBeingPaid,
    OrderIsCancelled,
    OrderPaid,
    TotalTooLarge,
)

NOW = datetime(2026, 9, 1, tzinfo=UTC)
TRANSACTION = UUID(int=77)


def placed(wanted: dict[UUID, int], *products: Product) -> Order:
    return place(
        wanted,
        {product.id: product for product in products},
        id=UUID(int=100),
        customer_id=UUID(int=101),
        account_id=UUID(int=102),
        placed_by=UUID(int=103),
        at=NOW,
    )


def test_an_order_has_the_prices_of_its_day_and_reserves_its_quantities(
    make_product: MakeProduct,
) -> None:
    mug, tea = make_product(price=1250), make_product(price=399)
    order = placed({mug.id: 2, tea.id: 3}, mug, tea)
    mug.change(expected_version=2, price=9_999)

    assert (order.status, order.payment_status, order.version) == ("placed", "pending", 1)
    assert [line.amount for line in order.lines] == [2_500, 1_197]
    assert (order.total, order.currency) == (3_697, "EUR")
    assert (mug.reserved, tea.reserved) == (2, 3)


def test_lines_keep_the_sequence_in_which_they_were_asked_for(make_product: MakeProduct) -> None:
    mug, tea = make_product(), make_product()
    order = placed({tea.id: 1, mug.id: 1}, mug, tea)
    assert [line.product_id for line in order.lines] == [tea.id, mug.id]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4).map(lambda n: UUID(int=n)), st.integers(1, 9))))
def test_lines_of_equal_products_become_one_and_none_is_lost(lines: list[tuple[UUID, int]]) -> None:
    merged = quantities(lines)
    assert sum(merged.values()) == sum(quantity for _product_id, quantity in lines)
    assert merged.keys() == {product_id for product_id, _quantity in lines}


def test_products_of_two_currencies_are_no_order(make_product: MakeProduct) -> None:
    mug, tea = make_product(currency="USD"), make_product(currency="EUR")
    with pytest.raises(MixedCurrencies) as refusal:
        placed({mug.id: 1, tea.id: 1}, mug, tea)
    assert refusal.value.currencies == ["EUR", "USD"]
    assert (mug.reserved, tea.reserved) == (0, 0)


def test_an_order_beyond_the_stock_names_the_product_and_what_is_left(
    make_product: MakeProduct,
) -> None:
    mug, tea = make_product(), make_product(on_hand=2)
    with pytest.raises(InsufficientStock) as refusal:
        placed({mug.id: 1, tea.id: 3}, mug, tea)
    assert vars(refusal.value) == {"product_id": tea.id, "requested": 3, "available": 2}


def test_a_total_has_a_limit_that_can_be_reached(make_product: MakeProduct) -> None:
    yacht = make_product(price=LARGEST_TOTAL)
    assert placed({yacht.id: 1}, yacht).total == LARGEST_TOTAL


def test_a_total_beyond_the_limit_is_refused_and_reserves_nothing(
    make_product: MakeProduct,
) -> None:
    yacht, mug = make_product(price=LARGEST_TOTAL), make_product(price=1)
    with pytest.raises(TotalTooLarge) as refusal:
        placed({yacht.id: 1, mug.id: 1}, yacht, mug)
    assert refusal.value.total == LARGEST_TOTAL + 1
    assert (yacht.reserved, mug.reserved) == (0, 0)


REACHABLE: list[State] = [
    ("placed", "pending"),
    ("placed", "held"),
    ("confirmed", "paid"),
    ("cancelled", "pending"),
    ("cancelled", "held"),
    ("cancelled", "released"),
    ("cancelled", "refused"),
]
NEWS: dict[str, Callable[[Order], Step | None]] = {
    "held": Order.hold_placed,
    "not_held": lambda order: order.hold_refused("insufficient-funds"),
    "captured": lambda order: order.hold_captured(TRANSACTION),
    "not_captured": lambda order: order.capture_refused("hold-not-open"),
    "voided": Order.hold_voided,
}
CHANGES: dict[tuple[State, str], State] = {
    (("placed", "pending"), "held"): ("placed", "held"),
    (("placed", "pending"), "not_held"): ("cancelled", "refused"),
    (("placed", "held"), "captured"): ("confirmed", "paid"),
    (("placed", "held"), "not_captured"): ("cancelled", "held"),
    (("cancelled", "pending"), "held"): ("cancelled", "held"),
    (("cancelled", "pending"), "not_held"): ("cancelled", "refused"),
    (("cancelled", "refused"), "held"): ("cancelled", "held"),
    (("cancelled", "held"), "voided"): ("cancelled", "released"),
}


def an_order(status: OrderStatus, payment_status: PaymentStatus) -> Order:
    line = OrderLine(product_id=UUID(int=1), sku="A", name="A", quantity=1, unit_price=100)
    return Order(
        id=UUID(int=100),
        customer_id=UUID(int=101),
        account_id=UUID(int=102),
        placed_by=UUID(int=103),
        lines=(line,),
        currency="EUR",
        created_at=NOW,
        status=status,
        payment_status=payment_status,
        transaction_id=TRANSACTION if status == "confirmed" else None,
        cancel_reason="a-reason" if status == "cancelled" else None,
        version=5,
    )


@pytest.mark.parametrize(("state", "news"), list(pairs(REACHABLE, NEWS)))
def test_an_order_moves_on_the_news_it_waits_for_and_on_no_other(state: State, news: str) -> None:
    order = an_order(*state)
    step = NEWS[news](order)

    expected = CHANGES.get((state, news))
    assert (order.status, order.payment_status) == (expected or state)
    assert (step is None, order.version) == (expected is None, 6 if expected else 5)
    assert (order.transaction_id is not None) == (order.status == "confirmed")
    assert (order.cancel_reason is not None) == (order.status == "cancelled")
    if state[0] == "cancelled":
        assert order.cancel_reason == "a-reason"


@pytest.mark.parametrize("state", REACHABLE)
def test_stock_moves_exactly_when_an_order_leaves_placed(state: State) -> None:
    for (origin, _happening), step in STEPS.items():
        if origin == state:
            leaves = state[0] == "placed" and step.status != "placed"
            assert (step.stock is not None) == leaves
            assert (step.stock == "hand_over") == (step.status == "confirmed")


def test_money_that_is_held_is_captured_or_given_back() -> None:
    for step in STEPS.values():
        wanted = {"placed": "capture", "cancelled": "void"}.get(step.status)
        assert step.demand == (wanted if step.payment_status == "held" else None)


def test_an_order_can_be_cancelled_until_its_capture_is_asked_for() -> None:
    order = an_order("placed", "pending")
    step = order.cancel("cancelled-by-customer")
    assert (order.status, order.payment_status) == ("cancelled", "pending")
    assert (step.stock, step.demand) == ("release", None)
    assert (order.cancel_reason, order.version) == ("cancelled-by-customer", 6)


@pytest.mark.parametrize(
    ("state", "refusal"),
    [
        (("placed", "held"), OrderBeingPaid),
        (("confirmed", "paid"), OrderPaid),
        (("cancelled", "pending"), OrderIsCancelled),
        (("cancelled", "held"), OrderIsCancelled),
        (("cancelled", "released"), OrderIsCancelled),
        (("cancelled", "refused"), OrderIsCancelled),
    ],
)
def test_it_is_too_late_to_cancel(state: State, refusal: type[Exception]) -> None:
    order = an_order(*state)
    with pytest.raises(refusal):
        order.cancel("cancelled-by-customer")
    assert ((order.status, order.payment_status), order.version) == (state, 5)
