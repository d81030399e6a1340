from chat.application.ports import ChatWork
from chat.application.views import message_view
from contracts.chat import AnswerRated, MessageView, RateAnswer


async def rate_answer(command: RateAnswer, work: ChatWork) -> MessageView:
    conversation = await work.conversations.get(
        command.conversation_id, customer_id=command.customer_id
    )
    message = await work.messages.get(command.message_id, conversation_id=conversation.id)
    message.rate(command.rating, command.comment)
    conversation.rated()
    await work.messages.save_rating(message)
    await work.conversations.save(conversation)
    work.announce(
        AnswerRated(
            conversation_id=conversation.id,
            customer_id=conversation.customer_id,
            message_id=message.id,
            rating=command.rating,
        ),
        version=conversation.version,
    )
    return message_view(message)
