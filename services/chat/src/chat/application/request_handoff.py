from chat.application.ports import ChatWork
from chat.application.views import conversation_view
from contracts.chat import ConversationView, HandoffRequested, RequestHandoff


async def request_handoff(command: RequestHandoff, work: ChatWork) -> ConversationView:
    conversation = await work.conversations.get(
        command.conversation_id, customer_id=command.customer_id
    )
    conversation.hand_off(command.reason)
    await work.conversations.save(conversation)
    work.announce(
        HandoffRequested(
            conversation_id=conversation.id,
            customer_id=conversation.customer_id,
            reason=command.reason,
        ),
        version=conversation.version,
    )
    return conversation_view(conversation)
