from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

OperationState = Literal["accepted", "succeeded", "refused", "failed"]

KEY_LIFETIME: Final = timedelta(hours=24)
"""How long an Idempotency-Key names its operation."""


@dataclass(kw_only=True)
class Operation:
    """An accepted command and, later, its one outcome, which never changes again."""

    id: UUID
    subject: UUID
    command: str
    fingerprint: str
    created_at: datetime
    idempotency_key: str | None = None
    state: OperationState = "accepted"
    result: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None
    finished_at: datetime | None = None

    @property
    def is_finished(self) -> bool:
        return self.state != "accepted"

    def finish(
        self,
        state: OperationState,
        *,
        result: dict[str, Any] | None,
        problem: dict[str, Any] | None,
        at: datetime,
    ) -> None:
        """Take the outcome; a second one changes nothing."""
        if self.is_finished:
            return
        self.state = state
        self.result = result
        self.problem = problem
        self.finished_at = at
