import re
from uuid import uuid4

import pytest
from services.ledger.tests.unit.accounts import NOW, a_house_account, an_account

from ledger.domain.account import Account
from ledger.domain.refusals import AccountClosed, CurrencyMismatch, SelfTransfer
from ledger.domain.transaction import Transaction, TransactionKind, move, reference_of


def moved(
    source: Account, target: Account, amount: int = 10, kind: TransactionKind = "transfer"
) -> Transaction:
    return move(
        id=uuid4(),
        kind=kind,
        amount=amount,
        currency="EUR",
        source=source,
        target=target,
        description="",
        at=NOW,
    )


def test_what_leaves_one_account_arrives_at_the_other() -> None:
    source, target = an_account(posted=100), an_account(posted=5)
    transaction = moved(source, target)
    assert (source.posted, target.posted) == (90, 15)
    assert [entry.amount for entry in transaction.entries] == [-10, 10]


@pytest.mark.parametrize("kind", ["credit", "debit", "transfer"])
def test_a_transaction_names_the_customers_account_first(kind: TransactionKind) -> None:
    house, customer, other = a_house_account(), an_account(posted=100), an_account()
    source, target = {
        "credit": (house, customer),
        "debit": (customer, house),
        "transfer": (customer, other),
    }[kind]
    transaction = moved(source, target, kind=kind)
    assert transaction.account_id == customer.id
    assert transaction.to_account_id == (other.id if kind == "transfer" else None)


def test_a_transfer_to_the_same_account_is_refused() -> None:
    account = an_account(posted=100)
    with pytest.raises(SelfTransfer):
        moved(account, account)
    assert account.version == 1


@pytest.mark.parametrize("foreign", ["source", "target"])
def test_money_moves_between_accounts_of_one_currency_only(foreign: str) -> None:
    accounts = {"source": an_account(posted=100), "target": an_account()}
    accounts[foreign].currency = "USD"
    with pytest.raises(CurrencyMismatch):
        moved(accounts["source"], accounts["target"])
    assert accounts["source"].posted == 100


def test_nothing_moves_to_a_closed_account() -> None:
    with pytest.raises(AccountClosed):
        moved(an_account(posted=100), an_account(is_closed=True))


def test_a_reference_is_short_and_always_the_same_for_one_transaction() -> None:
    id_ = uuid4()
    assert re.fullmatch(r"TXN-[0-9A-F]{12}", reference_of(id_))
    assert reference_of(id_) == reference_of(id_)
    assert reference_of(id_) != reference_of(uuid4())


def test_entries_that_do_not_sum_to_zero_are_a_mistake() -> None:
    account = an_account()
    with pytest.raises(AssertionError, match="neither made nor lost"):
        Transaction(
            id=uuid4(),
            kind="credit",
            amount=1,
            currency="EUR",
            account_id=account.id,
            to_account_id=None,
            description="",
            created_at=NOW,
            entries=(account.deposit(1), account.deposit(1)),
        )
