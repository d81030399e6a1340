from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from services.ledger.tests.unit.accounts import (
    NOW,
    a_book,
    a_hold,
    a_house_account,
    a_posting,
    a_transaction,
    an_account,
)

from ledger.application.house import funding, house_id, sales
from ledger.domain.account import LARGEST_BALANCE, Account
from ledger.domain.book import Book
from ledger.domain.chain import FIRST_LINK, link_of
from ledger.domain.changes import Changes
from ledger.domain.moves import move, total_of
from ledger.domain.refusals import (
    AccountClosed,
    AccountNotFound,
    AlreadyExists,
    CurrencyMismatch,
    HoldNotFound,
    SelfTransfer,
    TransactionNotFound,
)
from ledger.domain.transaction import Posting, Transaction


@contextmanager
def kept(book: Book) -> Iterator[Book]:
    yield book
    book.keep()


def transferred(book: Book, source: Account, target: Account, amount: int = 10) -> Transaction:
    posting = Posting(source.id, target.id, amount, "EUR")
    entries = book.transfer(posting)
    transaction = book.add_transaction(uuid4(), "transfer", "completed", (posting,))
    book.post(transaction, entries)
    return transaction


def test_what_leaves_one_account_arrives_at_the_other() -> None:
    source, target = an_account(posted=100), an_account(posted=5)
    entries = move(source, target, 10, "EUR")
    assert (source.posted, target.posted) == (90, 15)
    assert [entry.amount for entry in entries] == [-10, 10]


def test_a_transfer_to_the_same_account_is_refused() -> None:
    account = an_account(posted=100)
    with pytest.raises(SelfTransfer):
        move(account, account, 10, "EUR")
    assert account.version == 1


@pytest.mark.parametrize("foreign", ["source", "target"])
def test_money_moves_between_accounts_of_one_currency_only(foreign: str) -> None:
    accounts = {"source": an_account(posted=100), "target": an_account()}
    accounts[foreign].currency = "USD"
    with pytest.raises(CurrencyMismatch):
        move(accounts["source"], accounts["target"], 10, "EUR")
    assert accounts["source"].posted == 100


def test_nothing_moves_to_a_closed_account_and_the_book_is_as_it_was() -> None:
    source, target = an_account(posted=100), an_account(is_closed=True)
    book = a_book(source, target)
    with pytest.raises(AccountClosed):
        book.transfer(Posting(source.id, target.id, 10, "EUR"))
    book.undo()
    assert (source.posted, source.version) == (100, 1)


def test_a_transaction_gets_the_next_number_and_the_next_link() -> None:
    source, target = an_account(posted=100), an_account()
    book = a_book(source, target)
    with kept(book):
        first = transferred(book, source, target)
    with kept(book):
        second = transferred(book, target, source)
    assert [(one.number, one.posting) for one in (first, second)] == [(1, 1), (2, 2)]
    assert book.head.link == FIRST_LINK
    book.seal()
    link = link_of(FIRST_LINK, first)
    assert (first.link, second.link) == (link, link_of(link, second))
    assert book.head.link == second.link
    book.seal()
    assert book.head.link == second.link
    assert len({first.reference_id, second.reference_id}) == 2
    assert (book.head.transactions, book.head.postings) == (2, 2)


def test_what_has_not_moved_is_counted_and_is_no_link() -> None:
    book = a_book()
    with kept(book):
        pending = book.add_transaction(uuid4(), "transfer", "pending", (a_posting(),))
    assert (pending.number, pending.posting, pending.link) == (1, None, None)
    assert (book.head.transactions, book.head.postings, book.head.link) == (1, 0, FIRST_LINK)


def test_entries_that_do_not_sum_to_zero_are_a_mistake() -> None:
    account = an_account()
    book = a_book(account)
    transaction = book.add_transaction(uuid4(), "credit", "completed", (a_posting(),))
    with pytest.raises(AssertionError, match="neither made nor lost"):
        book.post(transaction, (account.deposit(1), account.deposit(1)))


def test_only_what_changed_is_written_and_each_once() -> None:
    source, target, bystander = an_account(posted=100), an_account(), an_account()
    book = a_book(source, target, bystander)
    for _ in range(2):
        with kept(book):
            book.account(bystander.id)
            transferred(book, source, target)
    changes = book.changes
    assert changes.accounts == [source, target]
    assert changes.posted == changes.new_transactions == list(book.transactions.values())
    assert not [*changes.new_accounts, *changes.details, *changes.transactions]


def test_a_new_account_is_written_as_it_ends() -> None:
    source = an_account(posted=100)
    book, account = a_book(source), an_account()
    with kept(book):
        book.open(account)
    with kept(book):
        transferred(book, source, account)
    assert book.changes.new_accounts == [account]
    assert book.changes.accounts == [source]


def test_what_is_stored_is_not_written_again() -> None:
    source, target = an_account(posted=100), an_account()
    book = a_book(source, target)
    with kept(book):
        transferred(book, source, target)
    book.committed(most_accounts=2)
    assert book.changes == Changes()
    assert not {**book.transactions, **book.holds}
    assert book.accounts == {source.id: source, target.id: target}
    with kept(book):
        book.account(target.id).deposit(1)
    assert book.changes.accounts == [target]
    book.committed(most_accounts=1)
    assert book.accounts == {}


def test_an_id_is_taken_once() -> None:
    account = an_account(posted=100)
    book = a_book(account)
    with kept(book):
        book.set_aside(hold := a_hold(account_id=account.id))
        transaction = book.add_transaction(uuid4(), "debit", "pending", (a_posting(),))
    with pytest.raises(AlreadyExists):
        book.open(an_account(id=account.id))
    with pytest.raises(AlreadyExists):
        book.set_aside(a_hold(id=hold.id, account_id=account.id))
    with pytest.raises(AlreadyExists):
        book.add_transaction(transaction.id, "debit", "pending", (a_posting(),))
    assert account.held == 30


def test_what_is_not_there_or_in_another_book_is_not_found() -> None:
    account, hold = an_account(book="other"), a_hold(book="other")
    transaction = a_transaction(book="other")
    book = a_book(account)
    book.holds[hold.id], book.transactions[transaction.id] = hold, transaction
    for id_ in (uuid4(), account.id):
        with pytest.raises(AccountNotFound):
            book.account(id_)
    for id_ in (uuid4(), hold.id):
        with pytest.raises(HoldNotFound):
            book.hold(id_)
    for id_ in (uuid4(), transaction.id):
        with pytest.raises(TransactionNotFound):
            book.transaction(id_)


def test_a_strangers_account_is_not_found() -> None:
    account = an_account()
    book = a_book(account)
    assert book.account(account.id, owner_id=account.owner_id) is account
    with pytest.raises(AccountNotFound):
        book.account(account.id, owner_id=uuid4())


def test_an_account_of_the_house_is_opened_when_it_is_first_needed() -> None:
    book = a_book()
    with kept(book):
        opened = funding(book, "EUR")
        assert funding(book, "EUR") is opened
    assert (opened.kind, opened.owner_id, opened.minimum) == ("funding", None, None)
    assert opened.id == house_id("main", "funding", "EUR")
    assert book.changes.new_accounts == [opened]
    assert sales(book, "EUR") is not opened
    assert funding(book, "USD").currency == "USD"


def test_an_account_of_the_house_that_a_refused_command_opened_is_gone_again() -> None:
    book = a_book()
    funding(book, "EUR").withdraw(5)
    book.undo()
    assert book.accounts == {}
    assert book.changes == Changes()


def test_an_account_of_the_house_that_is_there_is_used() -> None:
    there = a_house_account(id=house_id("main", "funding", "EUR"), posted=-50)
    assert funding(a_book(there), "EUR") is there


def test_a_clock_that_was_set_back_does_not_turn_the_books_time_back() -> None:
    book = a_book()
    book.tell_time(NOW + timedelta(hours=1))
    book.tell_time(NOW)
    assert book.now == book.head.last_at == NOW + timedelta(hours=1)


def test_postings_of_one_currency_have_a_total() -> None:
    one, other = a_posting(amount=3), a_posting(amount=4)
    assert total_of([one, other]) == (7, "EUR")
    assert total_of([one, a_posting(currency="USD")]) == (None, None)
    assert total_of([]) == (None, None)
    assert total_of([one, a_posting(amount=LARGEST_BALANCE)]) == (None, None)


def test_what_is_undone_after_a_hand_over_is_not_handed_over() -> None:
    source, target = an_account(posted=100), an_account()
    book = a_book(source, target)
    with kept(book):
        first = transferred(book, source, target)
    assert book.hand_over() == ([first], [first])
    assert not first.is_new
    transferred(book, source, target)
    book.undo()
    assert book.hand_over() == ([], [])
    with kept(book):
        second = transferred(book, source, target)
    assert book.hand_over() == ([second], [second])
    assert second.link == link_of(first.link or b"", second)
