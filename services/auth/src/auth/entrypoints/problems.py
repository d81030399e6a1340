"""What auth's refusals are called outside."""

from typing import Final

from auth.application.ports import Overloaded
from auth.domain import refusals
from contracts.problems import ProblemTable, ProblemType
from storage.pages import BadCursor

TOO_MANY_ATTEMPTS: Final = ProblemType("too-many-attempts", 429, "Too many failed attempts")
OVERLOADED: Final = ProblemType("overloaded", 503, "Too much at once, try again")

PROBLEMS: Final[ProblemTable] = {
    refusals.UserNotFound: ProblemType("user-not-found", 404, "No such user"),
    refusals.SessionNotFound: ProblemType("session-not-found", 404, "No such session"),
    refusals.EmailTaken: ProblemType("email-taken", 409, "The e-mail address is taken"),
    refusals.InvalidCredentials: ProblemType("invalid-credentials", 401, "Wrong credentials"),
    refusals.AccountDeactivated: ProblemType(
        "account-deactivated", 403, "The account is deactivated"
    ),
    refusals.InvalidRefreshToken: ProblemType(
        "invalid-refresh-token", 401, "The refresh token is not valid"
    ),
    refusals.TooManyAttempts: TOO_MANY_ATTEMPTS,
    refusals.StaleVersion: ProblemType(
        "stale-version", 412, "Somebody else has changed this meanwhile"
    ),
    refusals.LastAdmin: ProblemType("last-admin", 409, "The last administrator stays"),
    Overloaded: OVERLOADED,
    BadCursor: ProblemType("invalid-cursor", 400, "Not a cursor of this list"),
}
