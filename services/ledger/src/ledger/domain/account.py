from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, NamedTuple
from uuid import UUID

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

AccountKind = Literal["customer", "funding", "sales"]

LARGEST_BALANCE: Final = 2**53 - 1
"""In minor units: the last integer that every reader of JSON holds exactly."""


class Written(NamedTuple):
    """The ids of an account and its owner as a batch writes them often: made once an account."""

    account_id: str
    owner_id: str | None
    account_bytes: bytes


class Entry(NamedTuple):
    """One change of an account's balance; `version` is the account's version after it.

    `written` are its ids, where they were at hand.
    """

    account_id: UUID
    owner_id: UUID | None
    version: int
    amount: int
    balance: int
    written: Written | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Account:
    """Money of one owner in one currency.

    `available` never falls below zero: what is held and the `minimum` are not available. The
    house's own accounts, where money enters (funding) and where it is earned (sales), have no
    minimum and may owe any amount. `is_changed`: by the batch that is in hand. `written`: see
    Entry.
    """

    id: UUID
    book: str
    owner_id: UUID | None
    kind: AccountKind
    currency: str
    name: str
    created_at: datetime
    minimum: int | None = 0
    posted: int = 0
    held: int = 0
    version: int = 1
    is_closed: bool = False
    is_changed: bool = False
    written: Written = field(init=False)

    def __post_init__(self) -> None:
        owner = None if self.owner_id is None else str(self.owner_id)
        self.written = Written(str(self.id), owner, self.id.bytes)

    @property
    def available(self) -> int:
        return self.posted - self.held - (self.minimum or 0)

    def require_currency(self, currency: str) -> None:
        if currency != self.currency:
            raise CurrencyMismatch(self.id, currency=self.currency, requested_currency=currency)

    def require_owner(self, owner_id: UUID | None) -> None:
        """Somebody else's account doesn't exist for a person; staff (None) see all."""
        if owner_id is not None and owner_id != self.owner_id:
            raise AccountNotFound(self.id)

    def require_open(self) -> None:
        if self.is_closed:
            raise AccountClosed(self.id)

    def require_customers(self) -> None:
        if self.kind != "customer":
            raise NotACustomersAccount(self.id)

    def require_version(self, expected: int) -> None:
        if expected != self.version:
            raise VersionChanged(self.id, version=self.version, expected_version=expected)

    def require_room_for(self, minimum: int) -> None:
        free = self.posted - self.held
        if minimum > free:
            raise InsufficientFunds(
                self.id, requested=minimum, available=free, currency=self.currency
            )

    def withdraw(self, amount: int, *, pays_out: bool = False) -> Entry:
        """Money leaves. A closed account only pays out what was left on it."""
        if self.is_closed and not pays_out:
            raise AccountClosed(self.id)
        self._require_available(amount)
        return self._enter(-amount)

    def deposit(self, amount: int) -> Entry:
        self.require_open()
        return self._enter(amount)

    def hold(self, amount: int) -> None:
        self.require_open()
        self._require_available(amount)
        if self.held + amount > LARGEST_BALANCE:
            raise self._too_large(amount, beside=self.held)
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

    def change(self, *, name: str | None, minimum: int | None) -> None:
        self.require_customers()
        self.require_open()
        if minimum is not None:
            self.require_room_for(minimum)
            self.minimum = minimum
        if name is not None:
            self.name = name
        self.version += 1

    def close(self) -> None:
        self.require_customers()
        self.require_open()
        if self.posted != self.held:
            raise AccountNotEmpty(
                self.id, balance=self.posted, held=self.held, currency=self.currency
            )
        self.is_closed, self.minimum = True, 0
        self.version += 1

    def _require_available(self, amount: int) -> None:
        if self.minimum is not None and amount > self.posted - self.held - self.minimum:
            raise InsufficientFunds(
                self.id, requested=amount, available=self.available, currency=self.currency
            )

    def _enter(self, amount: int) -> Entry:
        posted = self.posted + amount
        if not -LARGEST_BALANCE <= posted <= LARGEST_BALANCE:
            raise self._too_large(abs(amount), beside=abs(self.posted))
        self.posted = posted
        self.version += 1
        return Entry(self.id, self.owner_id, self.version, amount, posted, self.written)

    def _too_large(self, amount: int, *, beside: int) -> BalanceTooLarge:
        return BalanceTooLarge(
            self.id, requested=amount, available=LARGEST_BALANCE - beside, currency=self.currency
        )
