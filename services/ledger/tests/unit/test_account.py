import pytest
from services.ledger.tests.unit.accounts import a_house_account, an_account

from ledger.domain.account import LARGEST_BALANCE
from ledger.domain.refusals import (
    AccountClosed,
    BalanceTooLarge,
    CurrencyMismatch,
    InsufficientFunds,
    NotACustomersAccount,
)


def test_what_is_held_is_not_available() -> None:
    account = an_account(posted=100)
    account.hold(30)
    assert (account.posted, account.held, account.available) == (100, 30, 70)


def test_a_customer_may_spend_all_that_is_available_and_no_more() -> None:
    account = an_account(posted=100, held=30)
    with pytest.raises(InsufficientFunds) as refused:
        account.withdraw(71)
    assert (refused.value.requested, refused.value.available) == (71, 70)
    account.withdraw(70)
    assert account.available == 0


def test_a_hold_beyond_what_is_available_is_refused_and_changes_nothing() -> None:
    account = an_account(posted=100, held=30)
    with pytest.raises(InsufficientFunds):
        account.hold(71)
    assert (account.held, account.version) == (30, 1)


def test_money_is_set_aside_on_customers_accounts_only() -> None:
    account = a_house_account(posted=100)
    with pytest.raises(NotACustomersAccount):
        account.hold(30)
    assert (account.held, account.version) == (0, 1)


def test_an_account_of_the_house_has_no_floor() -> None:
    funding = a_house_account()
    assert funding.withdraw(500).balance == -500


def test_an_entry_shows_the_balance_and_the_version_after_it() -> None:
    account = an_account(posted=100, version=4)
    entry = account.deposit(5)
    assert (entry.amount, entry.balance, entry.version) == (5, 105, 5)
    assert (entry.account_id, entry.owner_id) == (account.id, account.owner_id)
    assert account.version == 5


def test_a_capture_ends_the_hold_and_takes_what_it_says() -> None:
    account = an_account(posted=100, held=30)
    entry = account.capture(held=30, amount=20)
    assert (entry.amount, account.posted, account.held, account.available) == (-20, 80, 0, 80)


def test_a_closed_account_takes_part_in_nothing_new_and_settles_its_holds() -> None:
    account = an_account(posted=100, held=30, is_closed=True)
    for change in (account.deposit, account.withdraw, account.hold):
        with pytest.raises(AccountClosed):
            change(1)
    account.capture(held=10, amount=10)
    account.release(20)
    assert (account.posted, account.held) == (90, 0)


def test_no_balance_grows_beyond_what_json_holds_exactly() -> None:
    account = an_account(posted=LARGEST_BALANCE)
    with pytest.raises(BalanceTooLarge):
        account.deposit(1)
    with pytest.raises(BalanceTooLarge):
        a_house_account(posted=-LARGEST_BALANCE).withdraw(1)
    assert account.posted == LARGEST_BALANCE


def test_an_account_is_kept_in_one_currency() -> None:
    account = an_account()
    account.require_currency("EUR")
    with pytest.raises(CurrencyMismatch) as refused:
        account.require_currency("USD")
    assert (refused.value.currency, refused.value.requested_currency) == ("EUR", "USD")


def test_what_was_never_held_is_neither_released_nor_captured() -> None:
    account = an_account(posted=100, held=10)
    with pytest.raises(AssertionError):
        account.release(11)
    with pytest.raises(AssertionError):
        account.capture(held=11, amount=5)
    with pytest.raises(AssertionError):
        account.capture(held=10, amount=11)
