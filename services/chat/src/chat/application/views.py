"""From the domain to what clients see."""

from chat.domain.conversation import Conversation
from chat.domain.message import Message
from contracts.chat import Citation, ConversationView, MessageView


def conversation_view(conversation: Conversation) -> ConversationView:
    return ConversationView(
        id=conversation.id,
        version=conversation.version,
        created_at=conversation.created_at,
        customer_id=conversation.customer_id,
        title=conversation.title,
        status=conversation.status,
    )


def message_view(message: Message) -> MessageView:
    return MessageView(
        id=message.id,
        conversation_id=message.conversation_id,
        role=message.role,
        content=message.content,
        citations=[
            Citation(
                document_id=citation.document_id,
                title=citation.title,
                page=citation.page,
                quote=citation.quote,
            )
            for citation in message.citations
        ],
        model_used=message.model_used,
        cached=message.cached,
        processing_time_ms=message.processing_time_ms,
        tokens=message.tokens,
        confidence=message.confidence,
        requires_clarification=message.requires_clarification,
        offers_handoff=message.offers_handoff,
        created_at=message.created_at,
    )
