"""What the ledger's refusals are called outside."""

from typing import Any, Final

from contracts.money import to_decimal_text
from contracts.problems import ProblemTable, ProblemType
from ledger.domain import refusals
from storage.pages import BadCursor


def _with_amounts(refusal: Any) -> dict[str, Any]:
    """The figures of a refusal as clients write amounts."""
    return {
        name: to_decimal_text(value, refusal.currency) if isinstance(value, int) else value
        for name, value in vars(refusal).items()
    }


PROBLEMS: Final[ProblemTable] = {
    refusals.AccountNotFound: ProblemType("account-not-found", 404, "No such account"),
    refusals.HoldNotFound: ProblemType("hold-not-found", 404, "No such hold"),
    refusals.TransactionNotFound: ProblemType("transaction-not-found", 404, "No such transaction"),
    refusals.AlreadyExists: ProblemType("already-exists", 409, "It exists already"),
    refusals.AccountClosed: ProblemType("account-closed", 409, "The account is closed"),
    refusals.CurrencyMismatch: ProblemType("currency-mismatch", 422, "Another currency"),
    refusals.SelfTransfer: ProblemType("self-transfer", 422, "A transfer to the same account"),
    refusals.InsufficientFunds: ProblemType(
        "insufficient-funds", 422, "Not enough money", _with_amounts
    ),
    refusals.NotACustomersAccount: ProblemType(
        "not-a-customers-account", 422, "Not a customer's account"
    ),
    refusals.BalanceTooLarge: ProblemType(
        "balance-too-large", 422, "The balance would be too large", _with_amounts
    ),
    refusals.HoldNotOpen: ProblemType("hold-not-open", 409, "The hold has ended"),
    refusals.CaptureBeyondHold: ProblemType(
        "capture-beyond-hold", 422, "More than is held", _with_amounts
    ),
    BadCursor: ProblemType("invalid-cursor", 400, "Not a cursor of this list"),
}
