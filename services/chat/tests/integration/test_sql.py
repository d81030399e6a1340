from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from services.chat.tests.fakes import FakeDocuments, RecordingStream, a_passage

from chat.adapters.extractive import ExtractiveModel
from chat.adapters.sql import SqlChatWork
from chat.adapters.sql_reads import SqlChatReads
from chat.adapters.tables import delivery, metadata
from chat.application.ask_question import AskQuestionHandler
from chat.domain.refusals import ConversationNotFound
from chat.entrypoints import kafka
from chat.entrypoints.problems import PROBLEMS
from contracts.chat import (
    AskQuestion,
    ConversationView,
    MessageView,
    RateAnswer,
    RequestHandoff,
    StartConversation,
)
from contracts.gateway import Outcome
from contracts.ids import new_id
from messaging.durable import Workers
from storage.delivery_store import SqlDeliveryStore
from storage.pages import BadCursor
from testkit.migrations import assert_migrations_match, migrate
from testkit.records import record_of
from testkit.waiting import in_background, until
from testkit.workbench import Workbench, outcomes_of

MIGRATIONS = Path(__file__).parents[2] / "migrations"
PASSAGE = a_passage()


class Chat:
    """The service without broker and HTTP; its documents can be away."""

    def __init__(self, bench: Workbench[SqlDeliveryStore[SqlChatWork]]) -> None:
        self.bench = bench
        self.reads = SqlChatReads(bench.delivery.db)
        self.documents = FakeDocuments(PASSAGE)
        self.customer = new_id()

    async def start(self, title: str = "") -> ConversationView:
        command = StartConversation(
            conversation_id=new_id(), customer_id=self.customer, title=title
        )
        outcome = await self.bench.handle(command)
        return ConversationView.model_validate(outcome.result)

    def question(self, conversation_id: UUID, content: str = "When is it open?") -> AskQuestion:
        return AskQuestion(
            conversation_id=conversation_id,
            customer_id=self.customer,
            message_id=new_id(),
            answer_id=new_id(),
            content=content,
        )

    async def ask(self, command: AskQuestion) -> Outcome:
        asked = new_id()
        await self.bench.consume(record_of(command, id=asked))
        async with self.workers():
            await until(lambda: self.has_outcome(asked))
        return (await self.outcomes())[asked]

    @asynccontextmanager
    async def workers(self) -> AsyncIterator[None]:
        handler = AskQuestionHandler(documents=self.documents, model=ExtractiveModel())
        workers = Workers(
            name="chat",
            store=self.bench.delivery.store,
            jobs=self.bench.delivery.jobs,
            handlers=kafka.slow_handlers(handler, lambda _cause: RecordingStream()),
            problems=PROBLEMS,
            wake=self.bench.delivery.jobs_wake,
            first_pause_s=0.01,
            outage_pause_s=0.01,
            poll_s=0.02,
        )
        async with in_background(workers.run()):
            yield

    async def outcomes(self) -> dict[UUID, Outcome]:
        return outcomes_of(await self.bench.sent("Outcome"))

    async def has_outcome(self, id: UUID) -> bool:
        return id in await self.outcomes()


@pytest.fixture
async def chat(sql_url: str) -> AsyncIterator[Chat]:
    migrate(sql_url, MIGRATIONS)
    bench = Workbench(
        "chat",
        SqlDeliveryStore("chat", sql_url, delivery, SqlChatWork),
        handlers=kafka.HANDLERS,
        problems=PROBLEMS,
        slow=frozenset({AskQuestion}),
    )
    async with bench.running():
        yield Chat(bench)


def test_the_migrations_make_what_the_code_declares(sql_url: str) -> None:
    assert_migrations_match(sql_url, MIGRATIONS, metadata)


async def test_a_conversation_is_read_back_as_its_outcome_told(chat: Chat) -> None:
    started = await chat.start("Fees")
    assert await chat.reads.conversation(started.id, chat.customer) == started
    assert await chat.reads.conversation(started.id, None) == started
    with pytest.raises(ConversationNotFound):
        await chat.reads.conversation(started.id, new_id())


async def test_an_answer_is_read_back_as_its_outcome_told(chat: Chat) -> None:
    conversation = await chat.start()
    command = chat.question(conversation.id)

    outcome = await chat.ask(command)

    assert outcome.state == "succeeded"
    answer = MessageView.model_validate(outcome.result)
    assert answer.citations[0].quote == PASSAGE.text
    page = await chat.reads.messages(conversation.id, chat.customer, limit=10, after=None)
    assert page.items[0] == answer
    assert (page.items[1].id, page.items[1].role) == (command.message_id, "customer")
    assert page.items[1].content == command.content
    (announced,) = await chat.bench.sent("MessageAnswered")
    assert announced.headers["ce_sequence"] == "2"
    assert (await chat.reads.conversation(conversation.id, None)).version == 2


async def test_a_question_to_nowhere_or_to_somebody_elses_conversation_is_refused(
    chat: Chat,
) -> None:
    conversation = await chat.start()
    stranger = chat.question(conversation.id).model_copy(update={"customer_id": new_id()})
    for command in (stranger, chat.question(new_id())):
        outcome = await chat.ask(command)
        assert outcome.state == "refused"
        assert outcome.problem
        assert outcome.problem.type == "/problems/conversation-not-found"
    page = await chat.reads.messages(conversation.id, None, limit=10, after=None)
    assert page.items == []


async def test_a_question_outlasts_an_outage_of_the_documents(chat: Chat) -> None:
    conversation = await chat.start()
    chat.documents.is_away = True
    asked = new_id()
    await chat.bench.consume(record_of(chat.question(conversation.id), id=asked))
    async with chat.workers():
        # More often than a defect would be tried.
        await until(lambda: len(chat.documents.asked) > 5)
        assert not await chat.has_outcome(asked)
        chat.documents.is_away = False
        await until(lambda: chat.has_outcome(asked))
    assert (await chat.outcomes())[asked].state == "succeeded"
    page = await chat.reads.messages(conversation.id, None, limit=10, after=None)
    assert [message.role for message in page.items] == ["assistant", "customer"]


async def test_an_answer_can_be_rated_and_a_question_can_not(chat: Chat) -> None:
    conversation = await chat.start()
    command = chat.question(conversation.id)
    await chat.ask(command)
    rating = RateAnswer(
        conversation_id=conversation.id,
        customer_id=chat.customer,
        message_id=command.answer_id,
        rating="up",
        comment="clear",
    )
    assert (await chat.bench.handle(rating)).state == "succeeded"
    async with chat.bench.delivery.db.read() as connection:
        row = (
            await connection.exec_driver_sql(
                "SELECT rating, rating_comment FROM messages WHERE rating IS NOT NULL"
            )
        ).one()
    assert tuple(row) == ("up", "clear")

    refused = await chat.bench.handle(rating.model_copy(update={"message_id": command.message_id}))
    assert refused.problem
    assert refused.problem.type == "/problems/not-an-answer"


async def test_a_handoff_waits_for_staff_and_is_announced_after_the_answer(chat: Chat) -> None:
    conversation = await chat.start()
    await chat.ask(chat.question(conversation.id))
    outcome = await chat.bench.handle(
        RequestHandoff(conversation_id=conversation.id, customer_id=chat.customer, reason="refund")
    )
    view = ConversationView.model_validate(outcome.result)
    assert (view.status, view.version) == ("waiting_for_staff", 3)
    assert await chat.reads.conversation(conversation.id, None) == view
    (announced,) = await chat.bench.sent("HandoffRequested")
    assert announced.headers["ce_sequence"] == "3"


async def test_lists_come_newest_first_page_by_page_and_only_ones_own(chat: Chat) -> None:
    started = [await chat.start(str(number)) for number in range(3)]
    mine, chat.customer = chat.customer, new_id()
    other = await chat.start("other")

    first = await chat.reads.conversations(mine, limit=2, after=None)
    rest = await chat.reads.conversations(mine, limit=2, after=first.next)
    assert [*first.items, *rest.items] == started[::-1]
    assert rest.next is None
    everybodys = await chat.reads.conversations(None, limit=10, after=None)
    assert everybodys.items == [other, *started[::-1]]
    with pytest.raises(BadCursor):
        await chat.reads.conversations(mine, limit=2, after="?")


async def test_messages_are_listed_for_whoever_may_see_the_conversation(chat: Chat) -> None:
    conversation = await chat.start()
    for content in ("When is it open?", "And on Saturdays?"):
        await chat.ask(chat.question(conversation.id, content))
    first = await chat.reads.messages(conversation.id, chat.customer, limit=3, after=None)
    rest = await chat.reads.messages(conversation.id, chat.customer, limit=3, after=first.next)
    assert [message.role for message in (*first.items, *rest.items)] == [
        "assistant", "customer", "assistant", "customer",
    ]  # fmt: skip
    assert rest.items[0].content == "When is it open?"
    with pytest.raises(ConversationNotFound):
        await chat.reads.messages(conversation.id, new_id(), limit=3, after=None)
