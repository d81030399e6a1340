"""The things that the model of the ledger knows, and the rules that several commands share."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

Thing = dict[str, Any]
Key = UUID | tuple[str, str]

LARGEST: Final = 2**53 - 1
DECIMALS: Final = {"EUR": 2, "USD": 2, "JPY": 0}


class Refused(Exception):
    def __init__(self, slug: str, **figures: Any) -> None:
        super().__init__(slug)
        self.slug = slug
        self.figures = figures


@dataclass
class Things:
    """Accounts of the house are known by their kind and currency, all other things by their id."""

    now: datetime
    accounts: dict[Key, Thing] = field(default_factory=dict)
    holds: dict[UUID, Thing] = field(default_factory=dict)
    transactions: dict[UUID, Thing] = field(default_factory=dict)

    def _account(self, id: Key, owner_id: UUID | None = None) -> Thing:
        account = self.accounts.get(id)
        if account is None or owner_id not in (None, account["owner"]):
            raise Refused("account-not-found")
        return account

    def _house(self, kind: str, currency: str) -> Key:
        if (kind, currency) not in self.accounts:
            self.accounts[kind, currency] = an_account(None, kind, currency, kind, None)
        return kind, currency

    def _hold(self, id: UUID) -> Thing:
        if id not in self.holds:
            raise Refused("hold-not-found")
        return self.holds[id]

    def _transaction(self, id: UUID) -> Thing:
        if id not in self.transactions:
            raise Refused("transaction-not-found")
        return self.transactions[id]

    def _pending(self, id: UUID) -> None:
        status = self._transaction(id)["status"]
        if status != "pending":
            raise Refused("transaction-not-pending", transaction_status=status)

    def _can_be_taken_back(self, transaction: Thing) -> None:
        if transaction["status"] != "completed" or transaction["is_reversed"]:
            raise Refused("transaction-not-correctable")

    def _expires_later(self, moment: datetime | None) -> None:
        if moment is not None and moment <= self.now:
            raise Refused("expires-in-the-past")

    def _two_of_one_currency(self, source: Key, target: Key, currency: str) -> None:
        one, other = self._account(source), self._account(target)
        if source == target:
            raise Refused("self-transfer")
        same_currency(one, currency)
        same_currency(other, currency)

    def _move(
        self, source: Key, target: Key, amount: int, currency: str, *, pays_out: bool = False
    ) -> None:
        self._two_of_one_currency(source, target, currency)
        if not pays_out:
            is_open(self.accounts[source])
        has_enough(self.accounts[source], amount)
        self._enter(source, -amount)
        is_open(self.accounts[target])
        self._enter(target, amount)

    def _enter(self, key: Key, amount: int) -> None:
        account = self.accounts[key]
        if abs(account["posted"] + amount) > LARGEST:
            left = LARGEST - abs(account["posted"])
            raise Refused("balance-too-large", **figures(abs(amount), left, account["currency"]))
        account["posted"] += amount
        account["version"] += 1
        account["entries"].append(amount)

    def _post(self, id: UUID, kind: str, postings: list[Any]) -> None:
        currencies = {currency for *_, currency in postings}
        total = sum(amount for _, _, amount, _ in postings)
        is_one = len(currencies) == 1 and total <= LARGEST
        self._record(id, kind, "completed", postings, total if is_one else None)

    def _record(
        self, id: UUID, kind: str, status: str, postings: list[Any], amount: int | None
    ) -> None:
        if id in self.transactions:
            raise Refused("already-exists")
        self.transactions[id] = {
            "number": len(self.transactions) + 1,
            "kind": kind,
            "status": status,
            "postings": postings,
            "amount": amount,
            "refunded": 0,
            "is_reversed": False,
        }


def an_account(
    owner: UUID | None, kind: str, currency: str, name: str, minimum: int | None
) -> Thing:
    return {
        "owner": owner,
        "kind": kind,
        "currency": currency,
        "name": name,
        "minimum": minimum,
        "posted": 0,
        "held": 0,
        "version": 1,
        "is_closed": False,
        "entries": [],
    }


def same_currency(account: Thing, currency: str) -> None:
    if account["currency"] != currency:
        raise Refused(
            "currency-mismatch", currency=account["currency"], requested_currency=currency
        )


def is_open(account: Thing) -> None:
    if account["is_closed"]:
        raise Refused("account-closed")


def is_held(hold: Thing) -> None:
    if hold["status"] != "held":
        raise Refused("hold-not-open", hold_status=hold["status"])


def has_enough(account: Thing, amount: int) -> None:
    if account["minimum"] is None:
        return
    available = account["posted"] - account["held"] - account["minimum"]
    if amount > available:
        raise Refused("insufficient-funds", **figures(amount, available, account["currency"]))


def figures(requested: int, available: int, currency: str) -> Thing:
    return {
        "requested": text_of(requested, currency),
        "available": text_of(available, currency),
        "currency": currency,
    }


def text_of(amount: int, currency: str) -> str:
    return f"{Decimal(amount).scaleb(-DECIMALS[currency]):f}"
