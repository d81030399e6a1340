import pytest
from services.ledger.tests.unit.accounts import a_house_account, an_account

from contracts.money import MAX_MINOR_UNITS
from ledger.domain.account import LARGEST_BALANCE, Account
from ledger.domain.refusals import (
    AccountClosed,
    AccountNotEmpty,
    AccountNotFound,
    BalanceTooLarge,
    CurrencyMismatch,
    InsufficientFunds,
    NotACustomersAccount,
    VersionChanged,
)


def figures(account: Account) -> tuple[int, int, int | None, int, bool]:
    return account.posted, account.held, account.minimum, account.version, account.is_closed


def test_what_is_held_is_not_available() -> None:
    account = an_account(posted=100, held=30)
    assert account.available == 70
    with pytest.raises(InsufficientFunds) as refused:
        account.withdraw(71)
    assert (refused.value.requested, refused.value.available) == (71, 70)
    assert refused.value.currency == "EUR"
    assert account.withdraw(70).balance == 30


def test_a_minimum_is_never_available() -> None:
    account = an_account(posted=100, minimum=40)
    assert account.available == 60
    for take in (account.withdraw, account.hold):
        with pytest.raises(InsufficientFunds) as refused:
            take(61)
        assert refused.value.available == 60
    account.hold(60)
    assert (account.available, account.version) == (0, 2)


def test_below_zero_the_minimum_is_what_may_be_overdrawn() -> None:
    account = an_account(posted=10, minimum=-50)
    assert account.withdraw(60).balance == -50
    with pytest.raises(InsufficientFunds) as refused:
        account.withdraw(1)
    assert (refused.value.requested, refused.value.available) == (1, 0)


def test_a_minimum_is_not_raised_above_what_is_free() -> None:
    account = an_account(posted=100, held=30)
    with pytest.raises(InsufficientFunds) as refused:
        account.change(name="new", minimum=71)
    assert (refused.value.requested, refused.value.available) == (71, 70)
    assert (account.name, *figures(account)) == ("savings", 100, 30, 0, 1, False)
    account.change(name=None, minimum=70)
    assert (account.name, account.minimum, account.available, account.version) == (
        *("savings", 70, 0, 2),
    )


def test_a_hold_beyond_what_is_available_sets_nothing_aside() -> None:
    account = an_account(posted=100, held=30)
    with pytest.raises(InsufficientFunds):
        account.hold(71)
    assert (account.held, account.version) == (30, 1)


def test_an_account_of_the_house_has_no_floor() -> None:
    funding = a_house_account()
    assert funding.withdraw(500).balance == -500
    assert funding.available == -500


def test_an_account_of_the_house_is_neither_changed_nor_closed() -> None:
    funding = a_house_account()
    with pytest.raises(NotACustomersAccount):
        funding.change(name="ours", minimum=None)
    with pytest.raises(NotACustomersAccount):
        funding.close()
    assert funding.version == 1


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


def test_a_closed_account_pays_out_what_is_left_and_no_more() -> None:
    account = an_account(posted=30, held=30, minimum=-50)
    account.close()
    account.release(30)
    with pytest.raises(InsufficientFunds) as refused:
        account.withdraw(31, pays_out=True)
    assert refused.value.available == 30
    assert account.withdraw(30, pays_out=True).balance == 0
    with pytest.raises(InsufficientFunds):
        account.withdraw(1, pays_out=True)


def test_an_account_is_closed_once_and_when_nothing_is_left_but_what_is_held() -> None:
    account = an_account(posted=100, held=30)
    with pytest.raises(AccountNotEmpty) as refused:
        account.close()
    assert (refused.value.balance, refused.value.held, refused.value.currency) == (100, 30, "EUR")
    account.withdraw(70)
    account.close()
    assert (account.is_closed, account.version) == (True, 3)
    with pytest.raises(AccountClosed):
        account.close()
    with pytest.raises(AccountClosed):
        account.change(name="another", minimum=None)


def test_an_overdrawn_account_is_not_closed() -> None:
    account = an_account(posted=-10, minimum=-50)
    with pytest.raises(AccountNotEmpty):
        account.close()


def test_no_balance_grows_beyond_what_json_holds_exactly() -> None:
    account = an_account(posted=LARGEST_BALANCE - 5)
    with pytest.raises(BalanceTooLarge) as refused:
        account.deposit(6)
    assert (refused.value.requested, refused.value.available) == (6, 5)
    with pytest.raises(BalanceTooLarge):
        a_house_account(posted=-LARGEST_BALANCE).withdraw(1)
    assert account.deposit(5).balance == LARGEST_BALANCE == MAX_MINOR_UNITS


def test_nothing_is_set_aside_beyond_what_json_holds_exactly() -> None:
    funding = a_house_account(held=LARGEST_BALANCE - 5)
    with pytest.raises(BalanceTooLarge) as refused:
        funding.hold(6)
    assert (refused.value.requested, refused.value.available) == (6, 5)
    funding.hold(5)


def test_an_account_is_kept_in_one_currency() -> None:
    account = an_account()
    account.require_currency("EUR")
    with pytest.raises(CurrencyMismatch) as refused:
        account.require_currency("USD")
    assert (refused.value.currency, refused.value.requested_currency) == ("EUR", "USD")


def test_somebody_elses_account_is_not_there_and_staff_see_all() -> None:
    account = an_account()
    account.require_owner(account.owner_id)
    account.require_owner(None)
    with pytest.raises(AccountNotFound):
        account.require_owner(an_account().owner_id)
    with pytest.raises(AccountNotFound):
        a_house_account().require_owner(account.owner_id)


def test_a_change_is_for_the_version_that_was_read() -> None:
    account = an_account(version=3)
    account.require_version(3)
    with pytest.raises(VersionChanged) as refused:
        account.require_version(2)
    assert (refused.value.version, refused.value.expected_version) == (3, 2)


def test_what_was_never_held_is_neither_released_nor_captured() -> None:
    account = an_account(posted=100, held=10)
    with pytest.raises(AssertionError):
        account.release(11)
    with pytest.raises(AssertionError):
        account.capture(held=11, amount=5)
    with pytest.raises(AssertionError):
        account.capture(held=10, amount=11)
