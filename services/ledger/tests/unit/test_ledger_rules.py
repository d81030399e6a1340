"""Whatever is asked in whatever order, the books balance and nobody spends what isn't theirs."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from uuid import uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from services.ledger.tests.unit.accounts import NOW, a_house_account, an_account

from ledger.domain.account import Account, Entry
from ledger.domain.hold import Hold, place_on
from ledger.domain.refusals import Refusal
from ledger.domain.transaction import move

amounts = st.integers(1, 200)
which = st.integers(0, 2)
which_hold = st.integers(0, 9)


@dataclass
class Books:
    funding: Account = field(default_factory=a_house_account)
    sales: Account = field(default_factory=lambda: a_house_account(kind="sales"))
    customers: list[Account] = field(default_factory=lambda: [an_account() for _ in range(3)])
    holds: list[Hold] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def move(self, source: Account, target: Account, amount: int) -> None:
        transaction = move(
            id=uuid4(),
            kind="transfer",
            amount=amount,
            currency="EUR",
            source=source,
            target=target,
            description="",
            at=NOW,
        )
        self.entries += transaction.entries

    def account_of(self, hold: Hold) -> Account:
        return next(account for account in self.customers if account.id == hold.account_id)


class Bookkeeping(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.books = Books()

    @contextmanager
    def trying(self) -> Iterator[Books]:
        """As the unit of work does it: a refusal leaves everything as it was."""
        draft = deepcopy(self.books)
        with suppress(Refusal):
            yield draft
            self.books = draft

    @rule(n=which, amount=amounts)
    def credit(self, n: int, amount: int) -> None:
        with self.trying() as books:
            books.move(books.funding, books.customers[n], amount)

    @rule(n=which, amount=amounts)
    def debit(self, n: int, amount: int) -> None:
        with self.trying() as books:
            books.move(books.customers[n], books.funding, amount)

    @rule(n=which, m=which, amount=amounts)
    def transfer(self, n: int, m: int, amount: int) -> None:
        with self.trying() as books:
            books.move(books.customers[n], books.customers[m], amount)

    @rule(n=which, amount=amounts)
    def hold(self, n: int, amount: int) -> None:
        with self.trying() as books:
            account = books.customers[n]
            hold = place_on(
                account, id=uuid4(), amount=amount, currency="EUR", description="", at=NOW
            )
            books.holds.append(hold)

    @rule(n=which_hold, amount=st.none() | amounts)
    def capture(self, n: int, amount: int | None) -> None:
        with self.trying() as books:
            for hold in books.holds[n : n + 1]:
                transaction = hold.capture(
                    transaction_id=uuid4(),
                    amount=amount,
                    source=books.account_of(hold),
                    target=books.sales,
                    description="",
                    at=NOW,
                )
                books.entries += transaction.entries

    @rule(n=which_hold)
    def void(self, n: int) -> None:
        with self.trying() as books:
            for hold in books.holds[n : n + 1]:
                hold.void(books.account_of(hold))

    @rule(n=which, is_closed=st.booleans())
    def close_or_open(self, n: int, is_closed: bool) -> None:
        self.books.customers[n].is_closed = is_closed

    @invariant()
    def entries_sum_to_zero(self) -> None:
        assert sum(entry.amount for entry in self.books.entries) == 0

    @invariant()
    def nobody_spends_what_is_not_theirs(self) -> None:
        for account in self.books.customers:
            assert account.available >= 0
            assert account.held >= 0

    @invariant()
    def a_balance_is_the_sum_of_its_entries(self) -> None:
        books = self.books
        for account in (books.funding, books.sales, *books.customers):
            mine = [entry for entry in books.entries if entry.account_id == account.id]
            assert sum(entry.amount for entry in mine) == account.posted
            assert len({entry.version for entry in mine}) == len(mine)

    @invariant()
    def what_is_held_is_the_sum_of_the_open_holds(self) -> None:
        for account in self.books.customers:
            mine = [hold for hold in self.books.holds if hold.account_id == account.id]
            assert sum(hold.amount for hold in mine if hold.status == "held") == account.held


TestBookkeeping = Bookkeeping.TestCase
TestBookkeeping.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
