"""What the gateway refuses before a command goes anywhere."""

from uuid import UUID


class Refusal(Exception):
    """A rule of the gateway said no; nothing has been accepted."""


class OperationNotFound(Refusal):
    def __init__(self, operation_id: UUID) -> None:
        super().__init__("there is no such operation")
        self.operation_id = operation_id


class IdempotencyKeyReused(Refusal):
    def __init__(self, operation_id: UUID) -> None:
        super().__init__("this Idempotency-Key was used for another request")
        self.operation_id = operation_id


class StillInFlight(Refusal):
    def __init__(self, operation_id: UUID) -> None:
        super().__init__("a request with this Idempotency-Key is being waited for already")
        self.operation_id = operation_id


class QuotaExceeded(Refusal):
    def __init__(self, *, policy: str, retry_after_s: int) -> None:
        super().__init__("too many requests, slow down")
        self.policy = policy
        self.retry_after_s = retry_after_s
