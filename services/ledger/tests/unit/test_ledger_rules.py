"""Whatever is asked in whatever order, the books balance and nobody spends what isn't theirs."""

from contextlib import suppress
from uuid import uuid4

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from services.ledger.tests.unit.accounts import NOW, a_house_account, an_account

from ledger.domain.account import Account, Entry
from ledger.domain.hold import Hold, place_on
from ledger.domain.refusals import Refusal
from ledger.domain.transaction import move

amounts = st.integers(1, 200)
numbers = st.integers(0, 50)


class Books(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.funding = a_house_account()
        self.sales = a_house_account(kind="sales")
        self.customers = [an_account() for _ in range(3)]
        self.holds: list[Hold] = []
        self.entries: list[Entry] = []

    def move(self, source: Account, target: Account, amount: int) -> None:
        with suppress(Refusal):
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

    @rule(n=numbers, amount=amounts)
    def credit(self, n: int, amount: int) -> None:
        self.move(self.funding, self.customers[n % 3], amount)

    @rule(n=numbers, amount=amounts)
    def debit(self, n: int, amount: int) -> None:
        self.move(self.customers[n % 3], self.funding, amount)

    @rule(n=numbers, m=numbers, amount=amounts)
    def transfer(self, n: int, m: int, amount: int) -> None:
        self.move(self.customers[n % 3], self.customers[m % 3], amount)

    @rule(n=numbers, amount=amounts)
    def hold(self, n: int, amount: int) -> None:
        with suppress(Refusal):
            account = self.customers[n % 3]
            self.holds.append(
                place_on(account, id=uuid4(), amount=amount, currency="EUR", description="", at=NOW)
            )

    @rule(n=numbers, amount=st.none() | amounts)
    def capture(self, n: int, amount: int | None) -> None:
        for hold in self.holds[n % 7 : n % 7 + 1]:
            with suppress(Refusal):
                transaction = hold.capture(
                    transaction_id=uuid4(),
                    amount=amount,
                    source=self.account_of(hold),
                    target=self.sales,
                    description="",
                    at=NOW,
                )
                self.entries += transaction.entries

    @rule(n=numbers)
    def void(self, n: int) -> None:
        for hold in self.holds[n % 7 : n % 7 + 1]:
            with suppress(Refusal):
                hold.void(self.account_of(hold))

    @rule(n=numbers)
    def close(self, n: int) -> None:
        self.customers[n % 3].is_closed = n == 7

    def account_of(self, hold: Hold) -> Account:
        return next(account for account in self.customers if account.id == hold.account_id)

    @invariant()
    def entries_sum_to_zero(self) -> None:
        assert sum(entry.amount for entry in self.entries) == 0

    @invariant()
    def nobody_spends_what_is_not_theirs(self) -> None:
        for account in self.customers:
            assert account.available >= 0
            assert account.held >= 0

    @invariant()
    def a_balance_is_the_sum_of_its_entries(self) -> None:
        for account in (self.funding, self.sales, *self.customers):
            mine = [entry for entry in self.entries if entry.account_id == account.id]
            assert sum(entry.amount for entry in mine) == account.posted
            assert len({entry.version for entry in mine}) == len(mine)

    @invariant()
    def what_is_held_is_the_sum_of_the_open_holds(self) -> None:
        for account in self.customers:
            mine = [
                h.amount for h in self.holds if h.account_id == account.id and h.status == "held"
            ]
            assert sum(mine) == account.held


TestBooks = Books.TestCase
