from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from chat.domain.refusals import ConversationResolved

ConversationStatus = Literal["open", "waiting_for_staff", "resolved"]


@dataclass(kw_only=True)
class Conversation:
    """What one customer and the assistant say to each other.

    A resolved conversation takes no more questions. While it waits for staff the assistant still
    answers. Each event about it has the next `version`.
    """

    id: UUID
    customer_id: UUID
    title: str
    created_at: datetime
    status: ConversationStatus = "open"
    handoff_reason: str | None = None
    version: int = 1

    def require_unresolved(self) -> None:
        if self.status == "resolved":
            raise ConversationResolved(self.id)

    def hand_off(self, reason: str) -> None:
        """Wait for a person; asking again replaces the reason."""
        self.require_unresolved()
        self.status = "waiting_for_staff"
        self.handoff_reason = reason
        self.version += 1

    def answered(self) -> None:
        """An answer that was on its way counts, even if the conversation was resolved meanwhile."""
        self.version += 1

    def rated(self) -> None:
        self.version += 1
