from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from ledger.domain.refusals import (
    AccountClosed,
    BalanceTooLarge,
    CurrencyMismatch,
    InsufficientFunds,
    NotACustomersAccount,
)

AccountKind = Literal["customer", "funding", "sales"]

LARGEST_BALANCE: Final = 2**53 - 1
"""In minor units: the last integer that every reader of JSON holds exactly."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One change of an account's balance; `version` is the account's version after it."""

    account_id: UUID
    owner_id: UUID | None
    version: int
    amount: int
    balance: int


@dataclass(kw_only=True)
class Account:
    """Money of one owner in one currency.

    `available` never falls below zero on a customer's account. The house's own accounts, where
    money enters (funding) and where it is earned (sales), have no such floor.
    """

    id: UUID
    owner_id: UUID | None
    kind: AccountKind
    currency: str
    name: str
    created_at: datetime
    posted: int = 0
    held: int = 0
    version: int = 1
    is_closed: bool = False

    @property
    def available(self) -> int:
        return self.posted - self.held

    def require_currency(self, currency: str) -> None:
        if currency != self.currency:
            raise CurrencyMismatch(self.id, currency=self.currency, requested_currency=currency)

    def withdraw(self, amount: int) -> Entry:
        self._require_open()
        self._require_available(amount)
        return self._enter(-amount)

    def deposit(self, amount: int) -> Entry:
        self._require_open()
        return self._enter(amount)

    def hold(self, amount: int) -> None:
        if self.kind != "customer":
            raise NotACustomersAccount(self.id)
        self._require_open()
        self._require_available(amount)
        self.held += amount
        self.version += 1

    def release(self, amount: int) -> None:
        assert amount <= self.held, "a hold is released once"
        self.held -= amount
        self.version += 1

    def capture(self, *, held: int, amount: int) -> Entry:
        """Take `amount` out of `held`, which ends; a closed account still settles its holds."""
        assert amount <= held <= self.held, "a hold is captured once, and never beyond itself"
        self.held -= held
        return self._enter(-amount)

    def _require_open(self) -> None:
        if self.is_closed:
            raise AccountClosed(self.id)

    def _require_available(self, amount: int) -> None:
        if self.kind == "customer" and amount > self.available:
            raise InsufficientFunds(
                self.id, requested=amount, available=self.available, currency=self.currency
            )

    def _enter(self, amount: int) -> Entry:
        if abs(self.posted + amount) > LARGEST_BALANCE:
            raise BalanceTooLarge(self.id, requested=abs(amount), currency=self.currency)
        self.posted += amount
        self.version += 1
        return Entry(
            account_id=self.id,
            owner_id=self.owner_id,
            version=self.version,
            amount=amount,
            balance=self.posted,
        )
