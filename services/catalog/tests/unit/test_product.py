from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.domain.product import LARGEST_STOCK, Product
from catalog.domain.refusals import (
    CurrencyMismatch,
    InsufficientStock,
    Refusal,
    StaleVersion,
    StockTooLarge,
)


def a_product(*, on_hand: int = 10, reserved: int = 0) -> Product:
    return Product(
        id=UUID(int=1),
        sku="MUG-1",
        name="Mug",
        description="White",
        price=1250,
        currency="EUR",
        created_at=datetime(2026, 9, 1, tzinfo=UTC),
        on_hand=on_hand,
        reserved=reserved,
    )


def stock_of(product: Product) -> tuple[int, int, int]:
    return product.on_hand, product.reserved, product.available


def test_reserved_pieces_stay_on_hand_and_are_no_longer_available() -> None:
    product = a_product()
    product.reserve(4)
    assert stock_of(product) == (10, 4, 6)


def test_released_pieces_are_available_again() -> None:
    product = a_product(reserved=4)
    product.release(3)
    assert stock_of(product) == (10, 1, 9)


def test_pieces_that_are_handed_over_leave_the_shelf() -> None:
    product = a_product(reserved=4)
    product.hand_over(4)
    assert stock_of(product) == (6, 0, 6)


def test_the_last_piece_can_be_reserved_and_no_more() -> None:
    product = a_product(on_hand=3, reserved=1)
    with pytest.raises(InsufficientStock) as refusal:
        product.reserve(3)
    assert vars(refusal.value) == {"product_id": product.id, "requested": 3, "available": 2}
    product.reserve(2)
    assert product.available == 0


def test_reserved_pieces_cannot_be_taken_by_an_adjustment() -> None:
    product = a_product(on_hand=5, reserved=2)
    with pytest.raises(InsufficientStock) as refusal:
        product.adjust(-4)
    assert (refusal.value.requested, refusal.value.available) == (4, 3)
    product.adjust(-3)
    assert stock_of(product) == (2, 2, 0)


def test_a_shelf_has_an_end() -> None:
    product = a_product(on_hand=LARGEST_STOCK - 1)
    product.adjust(1)
    with pytest.raises(StockTooLarge):
        product.adjust(1)
    assert product.on_hand == LARGEST_STOCK


def test_what_a_change_does_not_name_stays() -> None:
    product = a_product()
    product.change(expected_version=1, price=990, currency="EUR")
    assert (product.name, product.description, product.price) == ("Mug", "White", 990)
    product.change(expected_version=2, name="Cup", description="")
    assert (product.name, product.description, product.price) == ("Cup", "", 990)
    assert product.version == 3


def test_a_change_to_another_version_is_refused_and_changes_nothing() -> None:
    product = a_product()
    product.reserve(1)
    with pytest.raises(StaleVersion) as refusal:
        product.change(expected_version=1, name="Cup")
    assert (refusal.value.expected_version, refusal.value.version) == (1, 2)
    assert product.name == "Mug"


def test_a_price_in_another_currency_is_refused_and_changes_nothing() -> None:
    product = a_product()
    with pytest.raises(CurrencyMismatch):
        product.change(expected_version=1, name="Cup", price=900, currency="USD")
    assert (product.name, product.price, product.version) == ("Mug", 1250, 1)


@pytest.mark.parametrize("move", ["release", "hand_over"])
def test_more_than_is_reserved_never_moves(move: str) -> None:
    product = a_product(reserved=1)
    with pytest.raises(AssertionError):
        getattr(product, move)(2)
    assert stock_of(product) == (10, 1, 9)


MOVES = st.lists(
    st.tuples(st.sampled_from(["adjust", "reserve", "release", "hand_over"]), st.integers(-30, 30)),
    max_size=40,
)


@settings(deadline=None)
@given(on_hand=st.integers(0, 50), moves=MOVES)
def test_stock_stays_within_its_bounds_whatever_is_tried(
    on_hand: int, moves: list[tuple[str, int]]
) -> None:
    product = a_product(on_hand=on_hand)
    for move, quantity in moves:
        before, version = stock_of(product), product.version
        try:
            getattr(product, move)(quantity)
        except (Refusal, AssertionError):
            assert (stock_of(product), product.version) == (before, version)
        else:
            assert product.version == version + 1
        assert 0 <= product.reserved <= product.on_hand
        assert product.available == product.on_hand - product.reserved


@settings(deadline=None)
@given(on_hand=st.integers(0, 50), moves=MOVES)
def test_pieces_come_and_go_only_by_adjustment_and_hand_over(
    on_hand: int, moves: list[tuple[str, int]]
) -> None:
    product, expected = a_product(on_hand=on_hand), on_hand
    for move, quantity in moves:
        try:
            getattr(product, move)(quantity)
        except (Refusal, AssertionError):
            continue
        expected += {"adjust": quantity, "hand_over": -quantity}.get(move, 0)
    assert product.on_hand == expected
