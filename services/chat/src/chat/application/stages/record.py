"""Stage 6: the answer is kept, announced, and sent to whoever asked."""

from datetime import UTC, datetime
from uuid import UUID

from chat.application.ports import ChatWork
from chat.application.views import message_view
from chat.domain.message import Answer, answer_message
from contracts.chat import AskQuestion, MessageAnswered


async def record(
    command: AskQuestion,
    answer: Answer,
    work: ChatWork,
    *,
    command_id: UUID,
    processing_time_ms: int,
) -> None:
    """Raises AlreadyExists when another command has given its answer this id."""
    conversation = await work.conversations.get(
        command.conversation_id, customer_id=command.customer_id
    )
    message = answer_message(
        answer,
        id=command.answer_id,
        conversation_id=conversation.id,
        processing_time_ms=processing_time_ms,
        created_at=datetime.now(UTC),
    )
    await work.messages.add(message)
    conversation.answered()
    await work.conversations.save(conversation)
    work.announce(
        MessageAnswered(
            conversation_id=conversation.id,
            customer_id=conversation.customer_id,
            message_id=command.message_id,
            answer_id=message.id,
            model_used=answer.model_used,
            confidence=answer.confidence,
            processing_time_ms=processing_time_ms,
            offers_handoff=answer.offers_handoff,
        ),
        version=conversation.version,
    )
    work.succeed(command_id, message_view(message))
