import pytest
from services.chat.tests.fakes import MemoryChat, a_conversation

from chat.application.rate_answer import rate_answer
from chat.application.request_handoff import request_handoff
from chat.application.start_conversation import start_conversation
from chat.domain.message import Answer, Message, answer_message, question_message
from chat.domain.refusals import (
    AlreadyExists,
    ConversationNotFound,
    ConversationResolved,
    MessageNotFound,
    NotAnAnswer,
)
from contracts.chat import (
    AnswerRated,
    ConversationStarted,
    HandoffRequested,
    RateAnswer,
    RequestHandoff,
    StartConversation,
)
from contracts.ids import new_id


async def test_a_started_conversation_is_open_and_announced() -> None:
    chat, customer = MemoryChat(), new_id()
    command = StartConversation(conversation_id=new_id(), customer_id=customer, title="Fees")
    view = await start_conversation(command, chat)
    assert (view.id, view.customer_id, view.title) == (command.conversation_id, customer, "Fees")
    assert (view.status, view.version) == ("open", 1)
    assert chat.announced == [
        ConversationStarted(conversation_id=view.id, customer_id=customer, title="Fees")
    ]


async def test_a_conversation_starts_once() -> None:
    conversation = a_conversation()
    command = StartConversation(conversation_id=conversation.id, customer_id=new_id())
    with pytest.raises(AlreadyExists):
        await start_conversation(command, MemoryChat(conversation))


async def test_a_conversation_handed_off_waits_for_staff_and_says_why() -> None:
    conversation = a_conversation()
    chat = MemoryChat(conversation)
    command = RequestHandoff(
        conversation_id=conversation.id, customer_id=conversation.customer_id, reason="refund"
    )
    view = await request_handoff(command, chat)
    assert (view.status, view.version) == ("waiting_for_staff", 2)
    assert chat.conversations.kept[conversation.id].handoff_reason == "refund"
    assert chat.announced == [
        HandoffRequested(
            conversation_id=conversation.id,
            customer_id=conversation.customer_id,
            reason="refund",
        )
    ]
    assert chat.versions == [2]


@pytest.mark.parametrize("is_theirs", [True, False])
async def test_no_handoff_of_what_is_resolved_or_somebody_elses(is_theirs: bool) -> None:
    conversation = a_conversation(status="resolved")
    customer = conversation.customer_id if is_theirs else new_id()
    command = RequestHandoff(conversation_id=conversation.id, customer_id=customer)
    chat = MemoryChat(conversation)
    with pytest.raises(ConversationResolved if is_theirs else ConversationNotFound):
        await request_handoff(command, chat)
    assert chat.announced == []


async def test_a_rating_is_kept_and_announced_and_the_last_one_stands() -> None:
    chat, answer = a_chat_with_an_answer()
    (conversation,) = chat.conversations.kept.values()
    command = RateAnswer(
        conversation_id=conversation.id,
        customer_id=conversation.customer_id,
        message_id=answer.id,
        rating="down",
        comment="wrong day",
    )
    await rate_answer(command, chat)
    view = await rate_answer(command.model_copy(update={"rating": "up", "comment": ""}), chat)
    assert view.id == answer.id
    kept = chat.messages.kept[answer.id]
    assert (kept.rating, kept.rating_comment) == ("up", "")
    assert [event.rating for event in chat.announced if isinstance(event, AnswerRated)] == [
        "down",
        "up",
    ]
    assert chat.versions == [2, 3]


async def test_only_the_assistants_answers_of_that_conversation_can_be_rated() -> None:
    chat, _ = a_chat_with_an_answer()
    (conversation,) = chat.conversations.kept.values()
    asked = next(each for each in chat.messages.kept.values() if each.role == "customer")
    command = RateAnswer(
        conversation_id=conversation.id,
        customer_id=conversation.customer_id,
        message_id=asked.id,
        rating="up",
    )
    with pytest.raises(NotAnAnswer):
        await rate_answer(command, chat)
    with pytest.raises(MessageNotFound):
        await rate_answer(command.model_copy(update={"message_id": new_id()}), chat)
    assert chat.announced == []


def a_chat_with_an_answer() -> tuple[MemoryChat, Message]:
    conversation = a_conversation()
    chat = MemoryChat(conversation)
    asked = question_message(
        id=new_id(),
        conversation_id=conversation.id,
        content="When?",
        created_at=conversation.created_at,
    )
    answer = answer_message(
        Answer(content="At 7:00.", model_used="fake", confidence=0.9),
        id=new_id(),
        conversation_id=conversation.id,
        processing_time_ms=1,
        created_at=conversation.created_at,
    )
    chat.messages.kept = {message.id: message for message in (asked, answer)}
    return chat, answer
