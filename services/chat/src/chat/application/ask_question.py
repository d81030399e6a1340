import time
from dataclasses import dataclass
from datetime import UTC, datetime

from chat.application.ports import (
    AnswerStream,
    ChatWork,
    Documents,
    LanguageModel,
    QuestionJob,
)
from chat.application.stages.compose import compose
from chat.application.stages.ground import ground
from chat.application.stages.judge import judge
from chat.application.stages.record import record
from chat.application.stages.retrieve import retrieve
from chat.application.stages.understand import understand
from chat.domain.message import Answer, question_message
from chat.domain.refusals import AlreadyExists
from contracts.chat import AskQuestion


@dataclass(frozen=True, kw_only=True)
class AskQuestionHandler:
    """Six stages in a straight line; the first three can end it early.

    May run again after a crash: the question is kept once by its id, and the answer has the id
    that the command gave it.
    """

    documents: Documents
    model: LanguageModel

    async def __call__(self, command: AskQuestion, job: QuestionJob, stream: AnswerStream) -> None:
        started = time.perf_counter()
        async with job.work() as work:
            await _keep_question(command, work)
        answer = await self.answer(command.content, stream)
        elapsed_ms = round((time.perf_counter() - started) * 1000)
        async with job.finish() as work:
            await record(command, answer, work, command_id=job.id, processing_time_ms=elapsed_ms)

    async def answer(self, content: str, stream: AnswerStream) -> Answer:
        """What the assistant says to that, streamed on the way. Raises DocumentsAway."""
        question = understand(content)
        if isinstance(question, Answer):
            return await _say(question, stream)
        evidence = judge(await retrieve(question, self.documents))
        if isinstance(evidence, Answer):
            return await _say(evidence, stream)
        return await ground(
            compose(question, evidence, self.model),
            model_used=self.model.name,
            confidence=evidence.confidence,
            stream=stream,
        )


async def _keep_question(command: AskQuestion, work: ChatWork) -> None:
    conversation = await work.conversations.get(
        command.conversation_id, customer_id=command.customer_id
    )
    conversation.require_unresolved()
    if await work.messages.find(command.answer_id):
        raise AlreadyExists("answer", command.answer_id)
    known = await work.messages.find(command.message_id)
    if known is None:
        question = question_message(
            id=command.message_id,
            conversation_id=conversation.id,
            content=command.content,
            created_at=datetime.now(UTC),
        )
        await work.messages.add(question)
    elif (known.conversation_id, known.content) != (conversation.id, command.content):
        raise AlreadyExists("message", command.message_id)


async def _say(answer: Answer, stream: AnswerStream) -> Answer:
    await stream.send(answer.content)
    return answer
