from datetime import UTC, datetime

from chat.application.ports import ChatWork
from chat.application.views import conversation_view
from chat.domain.conversation import Conversation
from contracts.chat import ConversationStarted, ConversationView, StartConversation


async def start_conversation(command: StartConversation, work: ChatWork) -> ConversationView:
    conversation = Conversation(
        id=command.conversation_id,
        customer_id=command.customer_id,
        title=command.title,
        created_at=datetime.now(UTC),
    )
    await work.conversations.add(conversation)
    work.announce(
        ConversationStarted(
            conversation_id=conversation.id,
            customer_id=conversation.customer_id,
            title=conversation.title,
        ),
        version=conversation.version,
    )
    return conversation_view(conversation)
