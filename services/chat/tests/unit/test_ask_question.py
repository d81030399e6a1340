from uuid import UUID

import pytest
from services.chat.tests.fakes import (
    Crash,
    FakeDocuments,
    MemoryChat,
    MemoryJob,
    RecordingStream,
    a_conversation,
    a_passage,
)

from chat.adapters.extractive import ExtractiveModel
from chat.application.ask_question import AskQuestionHandler
from chat.application.ports import DocumentsAway
from chat.domain.conversation import Conversation
from chat.domain.refusals import AlreadyExists, ConversationNotFound, ConversationResolved
from contracts.chat import AskQuestion, MessageAnswered, MessageView
from contracts.ids import new_id


def question(
    conversation: Conversation, content: str = "When is the boathouse open on Saturdays?"
) -> AskQuestion:
    return AskQuestion(
        conversation_id=conversation.id,
        customer_id=conversation.customer_id,
        message_id=new_id(),
        answer_id=new_id(),
        content=content,
    )


def handler(documents: FakeDocuments) -> AskQuestionHandler:
    return AskQuestionHandler(documents=documents, model=ExtractiveModel())


def result_of(chat: MemoryChat, command_id: UUID) -> MessageView:
    settlement = chat.settled[command_id]
    assert settlement.state == "succeeded"
    return MessageView.model_validate(settlement.result)


async def test_a_question_is_kept_answered_with_citations_announced_and_settled() -> None:
    conversation = a_conversation()
    chat, stream, passage = MemoryChat(conversation), RecordingStream(), a_passage()
    job, command = MemoryJob(chat), question(conversation)

    await handler(FakeDocuments(passage))(command, job, stream)

    answer = result_of(chat, job.id)
    assert (answer.id, answer.role) == (command.answer_id, "assistant")
    assert answer.content == f"{passage.text} [1]" == stream.text
    (citation,) = answer.citations
    assert (citation.document_id, citation.title, citation.page, citation.quote) == (
        passage.document_id,
        "Handbook",
        1,
        passage.text,
    )
    assert (answer.model_used, answer.cached, answer.confidence) == ("extractive", False, 0.8)
    assert answer.tokens == len(answer.content.split())
    assert answer.processing_time_ms is not None
    assert [message.role for message in chat.messages.kept.values()] == ["customer", "assistant"]
    (event,) = chat.announced
    assert isinstance(event, MessageAnswered)
    assert (event.message_id, event.answer_id) == (command.message_id, command.answer_id)
    assert chat.versions == [2] == [chat.conversations.kept[conversation.id].version]


async def test_what_the_documents_do_not_say_is_not_known_and_a_person_is_offered() -> None:
    conversation = a_conversation()
    chat, stream = MemoryChat(conversation), RecordingStream()
    job = MemoryJob(chat)
    documents = FakeDocuments(a_passage(similarity=0.3, term_overlap=0.1))

    await handler(documents)(question(conversation, "Is there a sauna?"), job, stream)

    answer = result_of(chat, job.id)
    assert answer.offers_handoff
    assert answer.citations == []
    assert answer.confidence is not None
    assert answer.confidence < 0.4
    assert stream.text == answer.content


@pytest.mark.parametrize(("content", "asks_back"), [("Hello!", False), ("how much?", True)])
async def test_small_talk_and_vague_questions_never_reach_the_documents(
    content: str, asks_back: bool
) -> None:
    conversation = a_conversation()
    chat, documents = MemoryChat(conversation), FakeDocuments(is_away=True)
    job = MemoryJob(chat)

    await handler(documents)(question(conversation, content), job, RecordingStream())

    assert result_of(chat, job.id).requires_clarification is asks_back
    assert documents.asked == []


async def test_while_the_documents_are_away_the_question_is_kept_and_nothing_is_answered() -> None:
    conversation = a_conversation()
    chat, command = MemoryChat(conversation), question(conversation)
    job = MemoryJob(chat)

    with pytest.raises(DocumentsAway):
        await handler(FakeDocuments(is_away=True))(command, job, RecordingStream())
    assert list(chat.messages.kept) == [command.message_id]
    assert chat.settled == {}

    await handler(FakeDocuments(a_passage()))(command, job, RecordingStream())
    assert list(chat.messages.kept) == [command.message_id, command.answer_id]


async def test_a_crash_before_the_end_and_a_second_run_leave_one_question_and_one_answer() -> None:
    conversation = a_conversation()
    chat, command = MemoryChat(conversation), question(conversation)
    job = MemoryJob(chat)
    job.crashes_before_the_end = True
    with pytest.raises(Crash):
        await handler(FakeDocuments(a_passage()))(command, job, RecordingStream())

    job.crashes_before_the_end = False
    await handler(FakeDocuments(a_passage()))(command, job, RecordingStream())

    assert list(chat.messages.kept) == [command.message_id, command.answer_id]
    assert len(chat.announced) == 1


async def test_somebody_elses_conversation_is_not_found_and_nothing_is_kept() -> None:
    conversation = a_conversation()
    chat = MemoryChat(conversation)
    command = question(conversation).model_copy(update={"customer_id": new_id()})
    with pytest.raises(ConversationNotFound):
        await handler(FakeDocuments())(command, MemoryJob(chat), RecordingStream())
    assert chat.messages.kept == {}


async def test_a_resolved_conversation_takes_no_question() -> None:
    conversation = a_conversation(status="resolved")
    chat = MemoryChat(conversation)
    with pytest.raises(ConversationResolved):
        await handler(FakeDocuments())(question(conversation), MemoryJob(chat), RecordingStream())
    assert chat.messages.kept == {}


async def test_while_a_conversation_waits_for_staff_the_assistant_still_answers() -> None:
    conversation = a_conversation(status="waiting_for_staff")
    chat = MemoryChat(conversation)
    job = MemoryJob(chat)
    await handler(FakeDocuments(a_passage()))(question(conversation), job, RecordingStream())
    assert result_of(chat, job.id).citations
    assert chat.conversations.kept[conversation.id].status == "waiting_for_staff"


@pytest.mark.parametrize("taken", ["message_id", "answer_id"])
async def test_an_id_that_belongs_to_another_message_is_refused(taken: str) -> None:
    conversation = a_conversation()
    chat = MemoryChat(conversation)
    first = question(conversation)
    ask = handler(FakeDocuments(a_passage()))
    await ask(first, MemoryJob(chat), RecordingStream())

    second = question(conversation, "How do I join?")
    second = second.model_copy(update={taken: getattr(first, taken)})
    with pytest.raises(AlreadyExists):
        await ask(second, MemoryJob(chat), RecordingStream())
    assert len(chat.messages.kept) == 2
