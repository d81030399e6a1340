"""What the ledger refuses, with the figures."""

from uuid import UUID


class Refusal(Exception):
    """A rule of the ledger said no; nothing has changed."""


class AccountNotFound(Refusal):
    def __init__(self, account_id: UUID) -> None:
        super().__init__("there is no such account")
        self.account_id = account_id


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
        super().__init__("money is set aside on customers' accounts only")
        self.account_id = account_id


class BalanceTooLarge(Refusal):
    def __init__(self, account_id: UUID, *, requested: int, currency: str) -> None:
        super().__init__("the balance would exceed what an account can hold")
        self.account_id = account_id
        self.requested = requested
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


class TransactionNotFound(Refusal):
    def __init__(self, transaction_id: UUID) -> None:
        super().__init__("there is no such transaction")
        self.transaction_id = transaction_id
