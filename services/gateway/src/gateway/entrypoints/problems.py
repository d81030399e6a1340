"""What the gateway's refusals are called outside."""

from typing import Final

from contracts.problems import ProblemTable, ProblemType
from gateway.domain import refusals
from storage.pages import BadCursor

QUOTA_EXCEEDED: Final = ProblemType("quota-exceeded", 429, "Too many requests")

PROBLEMS: Final[ProblemTable] = {
    refusals.OperationNotFound: ProblemType("operation-not-found", 404, "No such operation"),
    refusals.IdempotencyKeyReused: ProblemType(
        "idempotency-key-reused", 422, "The key belongs to another request"
    ),
    refusals.StillInFlight: ProblemType(
        "idempotency-key-in-flight", 409, "The same request is under way"
    ),
    refusals.QuotaExceeded: QUOTA_EXCEEDED,
    BadCursor: ProblemType("invalid-cursor", 400, "Not a cursor of this list"),
}
