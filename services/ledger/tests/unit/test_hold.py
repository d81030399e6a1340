from collections.abc import Callable
from functools import partial
from uuid import uuid4

import pytest
from services.ledger.tests.unit.accounts import NOW, a_house_account, an_account

from ledger.domain.account import Account
from ledger.domain.hold import Hold, place_on
from ledger.domain.refusals import CaptureBeyondHold, CurrencyMismatch, HoldNotOpen
from ledger.domain.transaction import Transaction


def placed_on(account: Account, amount: int = 30) -> Hold:
    return place_on(
        account, id=uuid4(), amount=amount, currency="EUR", description="a lamp", at=NOW
    )


def capture(hold: Hold, account: Account, amount: int | None = None) -> Transaction:
    return hold.capture(
        transaction_id=uuid4(),
        amount=amount,
        source=account,
        target=a_house_account(kind="sales"),
        description="",
        at=NOW,
    )


def test_a_capture_without_an_amount_takes_all_that_is_held() -> None:
    account = an_account(posted=100)
    hold = placed_on(account)
    transaction = capture(hold, account)
    assert (hold.status, hold.captured, hold.version) == ("captured", 30, 2)
    assert (account.posted, account.held) == (70, 0)
    assert (transaction.amount, transaction.description) == (30, "a lamp")


def test_what_a_capture_does_not_take_is_available_again() -> None:
    account = an_account(posted=100)
    hold = placed_on(account)
    capture(hold, account, 10)
    assert (hold.captured, account.posted, account.available) == (10, 90, 90)


def test_more_than_is_held_is_not_captured() -> None:
    account = an_account(posted=100)
    hold = placed_on(account)
    with pytest.raises(CaptureBeyondHold) as refused:
        capture(hold, account, 31)
    assert (refused.value.requested, refused.value.available) == (31, 30)
    assert (hold.status, account.held) == ("held", 30)


def test_a_void_gives_everything_back() -> None:
    account = an_account(posted=100)
    hold = placed_on(account)
    hold.void(account)
    assert (hold.status, hold.captured, account.available) == ("voided", 0, 100)


@pytest.mark.parametrize("first", ["capture", "void"])
@pytest.mark.parametrize("second", ["capture", "void"])
def test_a_hold_ends_once(first: str, second: str) -> None:
    account = an_account(posted=100)
    hold = placed_on(account)
    ends: dict[str, Callable[[], object]] = {
        "capture": partial(capture, hold, account),
        "void": partial(hold.void, account),
    }
    ends[first]()
    before = (account.posted, account.held)
    with pytest.raises(HoldNotOpen) as refused:
        ends[second]()
    assert refused.value.hold_status == {"capture": "captured", "void": "voided"}[first]
    assert (account.posted, account.held) == before


def test_a_hold_is_placed_in_the_currency_of_its_account() -> None:
    account = an_account(posted=100)
    with pytest.raises(CurrencyMismatch):
        place_on(account, id=uuid4(), amount=1, currency="USD", description="", at=NOW)
    assert account.held == 0
