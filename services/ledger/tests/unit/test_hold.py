from collections.abc import Callable
from datetime import timedelta

import pytest
from services.ledger.tests.unit.accounts import NOW, a_hold

from ledger.domain.hold import Hold, require_ahead
from ledger.domain.refusals import (
    CaptureBeyondHold,
    ExpiresInThePast,
    HoldNotDue,
    HoldNotOpen,
)

LATER = NOW + timedelta(hours=1)

ENDS: dict[str, Callable[[Hold], object]] = {
    "captured": lambda hold: hold.capture(None, at=NOW),
    "voided": Hold.void,
    "expired": lambda hold: hold.expire(at=LATER),
}


def test_a_capture_without_an_amount_takes_all_that_is_held() -> None:
    hold = a_hold(amount=30)
    assert hold.capture(None, at=NOW) == 30
    assert (hold.status, hold.captured, hold.version) == ("captured", 30, 2)


@pytest.mark.parametrize("amount", [1, 29, 30])
def test_a_capture_takes_what_it_says(amount: int) -> None:
    hold = a_hold(amount=30)
    assert hold.capture(amount, at=NOW) == amount
    assert (hold.status, hold.captured, hold.amount) == ("captured", amount, 30)


def test_more_than_is_held_is_not_captured() -> None:
    hold = a_hold(amount=30)
    with pytest.raises(CaptureBeyondHold) as refused:
        hold.capture(31, at=NOW)
    assert (refused.value.requested, refused.value.available) == (31, 30)
    assert refused.value.currency == "EUR"
    assert (hold.status, hold.captured, hold.version) == ("held", 0, 1)


@pytest.mark.parametrize("first", ENDS)
@pytest.mark.parametrize("second", ENDS)
def test_a_hold_ends_once(first: str, second: str) -> None:
    hold = a_hold(expires_at=LATER)
    ENDS[first](hold)
    with pytest.raises(HoldNotOpen) as refused:
        ENDS[second](hold)
    assert refused.value.hold_status == first == hold.status
    assert hold.version == 2


def test_a_hold_expires_when_its_time_has_come_and_not_before() -> None:
    hold = a_hold(expires_at=LATER)
    with pytest.raises(HoldNotDue) as refused:
        hold.expire(at=LATER - timedelta(microseconds=1))
    assert refused.value.expires_at == LATER.isoformat()
    hold.expire(at=LATER)
    assert (hold.status, hold.captured) == ("expired", 0)


def test_a_hold_without_a_time_never_expires() -> None:
    with pytest.raises(HoldNotDue):
        a_hold().expire(at=NOW + timedelta(days=36_500))


def test_what_is_over_is_not_captured_even_before_it_was_expired() -> None:
    hold = a_hold(expires_at=LATER)
    with pytest.raises(HoldNotOpen) as refused:
        hold.capture(None, at=LATER)
    assert (refused.value.hold_status, hold.status) == ("expired", "held")
    hold.void()
    assert hold.status == "voided"


def test_what_is_set_aside_expires_later_or_never() -> None:
    require_ahead(None, at=NOW)
    require_ahead(LATER, at=NOW)
    for moment in (NOW, NOW - timedelta(seconds=1)):
        with pytest.raises(ExpiresInThePast):
            require_ahead(moment, at=NOW)
