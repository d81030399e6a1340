"""What the ledger refuses, with the figures."""

from datetime import datetime
from uuid import UUID


class Refusal(Exception):
    """A rule of the ledger said no; nothing has changed."""


class AccountNotFound(Refusal):
    def __init__(self, account_id: UUID) -> None:
        super().__init__("there is no such account")
        self.account_id = account_id


class BookNotFound(Refusal):
    def __init__(self, book: str) -> None:
        super().__init__("there is no such book")
        self.book = book


class VersionChanged(Refusal):
    def __init__(self, account_id: UUID, *, version: int, expected_version: int) -> None:
        super().__init__("the account has been changed since it was read")
        self.account_id = account_id
        self.version = version
        self.expected_version = expected_version


class AccountNotEmpty(Refusal):
    def __init__(self, account_id: UUID, *, balance: int, held: int, currency: str) -> None:
        super().__init__("an account is closed when nothing is left on it")
        self.account_id = account_id
        self.balance = balance
        self.held = held
        self.currency = currency


class HoldNotFound(Refusal):
    def __init__(self, hold_id: UUID) -> None:
        super().__init__("there is no such hold")
        self.hold_id = hold_id


class AlreadyExists(Refusal):
    def __init__(self, what: str, id: UUID) -> None:
        super().__init__(f"this {what} exists already")
        self.id = id


class AccountClosed(Refusal):
    def __init__(self, account_id: UUID) -> None:
        super().__init__("the account is closed")
        self.account_id = account_id


class CurrencyMismatch(Refusal):
    def __init__(self, account_id: UUID, *, currency: str, requested_currency: str) -> None:
        super().__init__(f"the account is kept in {currency}, not in {requested_currency}")
        self.account_id = account_id
        self.currency = currency
        self.requested_currency = requested_currency


class SelfTransfer(Refusal):
    def __init__(self, account_id: UUID) -> None:
        super().__init__("an account can't transfer to itself")
        self.account_id = account_id


class InsufficientFunds(Refusal):
    def __init__(self, account_id: UUID, *, requested: int, available: int, currency: str) -> None:
        super().__init__("less is available than was requested")
        self.account_id = account_id
        self.requested = requested
        self.available = available
        self.currency = currency


class NotACustomersAccount(Refusal):
    def __init__(self, account_id: UUID) -> None:
        super().__init__("only a customer's account allows that")
        self.account_id = account_id


class BalanceTooLarge(Refusal):
    def __init__(self, account_id: UUID, *, requested: int, available: int, currency: str) -> None:
        super().__init__("the balance would exceed what an account can hold")
        self.account_id = account_id
        self.requested = requested
        self.available = available
        self.currency = currency


class HoldNotOpen(Refusal):
    def __init__(self, hold_id: UUID, *, hold_status: str) -> None:
        super().__init__(f"the hold is {hold_status} already")
        self.hold_id = hold_id
        self.hold_status = hold_status


class CaptureBeyondHold(Refusal):
    def __init__(self, hold_id: UUID, *, requested: int, available: int, currency: str) -> None:
        super().__init__("more is to be captured than is held")
        self.hold_id = hold_id
        self.requested = requested
        self.available = available
        self.currency = currency


class HoldNotDue(Refusal):
    def __init__(self, hold_id: UUID, *, expires_at: datetime | None) -> None:
        super().__init__("the hold's time is not over")
        self.hold_id = hold_id
        self.expires_at = expires_at and expires_at.isoformat()


class ExpiresInThePast(Refusal):
    def __init__(self, *, expires_at: datetime) -> None:
        super().__init__("what is set aside can't expire in the past")
        self.expires_at = expires_at.isoformat()


class TransactionNotPending(Refusal):
    def __init__(self, transaction_id: UUID, *, transaction_status: str) -> None:
        super().__init__(f"the transaction is {transaction_status} already")
        self.transaction_id = transaction_id
        self.transaction_status = transaction_status


class NotCorrectable(Refusal):
    def __init__(self, transaction_id: UUID, *, reason: str) -> None:
        super().__init__(f"the transaction can't be taken back: {reason}")
        self.transaction_id = transaction_id
        self.reason = reason


class RefundBeyondTransaction(Refusal):
    def __init__(
        self, transaction_id: UUID, *, requested: int, available: int, currency: str
    ) -> None:
        super().__init__("more is to be refunded than is left of it")
        self.transaction_id = transaction_id
        self.requested = requested
        self.available = available
        self.currency = currency


class BadReference(Refusal):
    def __init__(self, reference_id: str) -> None:
        super().__init__("a reference is TXN- and twelve hexadecimal digits")
        self.reference_id = reference_id[:40]


class TransactionNotFound(Refusal):
    def __init__(self, transaction_id: UUID) -> None:
        super().__init__("there is no such transaction")
        self.transaction_id = transaction_id
