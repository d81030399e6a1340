"""What chat refuses, and about what."""

from uuid import UUID


class Refusal(Exception):
    """A rule of chat said no; nothing has changed."""


class ConversationNotFound(Refusal):
    def __init__(self, conversation_id: UUID) -> None:
        super().__init__("there is no such conversation")
        self.conversation_id = conversation_id


class MessageNotFound(Refusal):
    def __init__(self, message_id: UUID) -> None:
        super().__init__("there is no such message")
        self.message_id = message_id


class AlreadyExists(Refusal):
    def __init__(self, what: str, id: UUID) -> None:
        super().__init__(f"this {what} exists already")
        self.id = id


class ConversationResolved(Refusal):
    def __init__(self, conversation_id: UUID) -> None:
        super().__init__("the conversation is resolved; start another")
        self.conversation_id = conversation_id


class NotAnAnswer(Refusal):
    def __init__(self, message_id: UUID, *, role: str) -> None:
        super().__init__("only the assistant's answers can be rated")
        self.message_id = message_id
        self.role = role
