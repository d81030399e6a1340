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
    refusals.BookNotFound: ProblemType("book-not-found", 404, "No such book"),
    refusals.HoldNotFound: ProblemType("hold-not-found", 404, "No such hold"),
    refusals.TransactionNotFound: ProblemType("transaction-not-found", 404, "No such transaction"),
    refusals.AlreadyExists: ProblemType("already-exists", 409, "It exists already"),
    refusals.AccountClosed: ProblemType("account-closed", 409, "The account is closed"),
    refusals.AccountNotEmpty: ProblemType(
        "account-not-empty", 409, "Something is left on the account", _with_amounts
    ),
    refusals.VersionChanged: ProblemType(
        "stale-version", 412, "Somebody else has changed this meanwhile"
    ),
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
    refusals.HoldNotDue: ProblemType("hold-not-due", 409, "The hold's time is not over"),
    refusals.ExpiresInThePast: ProblemType("expires-in-the-past", 422, "A time that is over"),
    refusals.CaptureBeyondHold: ProblemType(
        "capture-beyond-hold", 422, "More than is held", _with_amounts
    ),
    refusals.TransactionNotPending: ProblemType(
        "transaction-not-pending", 409, "The transaction has ended"
    ),
    refusals.NotCorrectable: ProblemType(
        "transaction-not-correctable", 409, "It can't be taken back"
    ),
    refusals.RefundBeyondTransaction: ProblemType(
        "refund-beyond-transaction", 422, "More than can be refunded", _with_amounts
    ),
    refusals.BadReference: ProblemType("invalid-reference", 400, "Not a reference"),
    BadCursor: ProblemType("invalid-cursor", 400, "Not a cursor of this list"),
}
