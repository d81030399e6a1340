from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from chat.application.ask_question import AskQuestionHandler
from chat.application.ports import AnswerStream, ChatWork
from chat.application.rate_answer import rate_answer
from chat.application.request_handoff import request_handoff
from chat.application.start_conversation import start_conversation
from contracts.chat import AskQuestion, RateAnswer, RequestHandoff, StartConversation
from contracts.contract import Message
from contracts.topics import CHAT_COMMANDS
from messaging.durable import RunningJob, SlowHandler
from messaging.envelope import Envelope
from messaging.work import Handlers

TOPICS: Final = (CHAT_COMMANDS,)

HANDLERS: Final[Handlers] = {
    StartConversation: start_conversation,
    RateAnswer: rate_answer,
    RequestHandoff: request_handoff,
}


@dataclass(frozen=True, kw_only=True)
class AskQuestionJob:
    """Answers a question to whoever has sent the command."""

    handler: AskQuestionHandler
    open_stream: Callable[[Envelope], AnswerStream]

    async def __call__(self, command: AskQuestion, job: RunningJob[ChatWork]) -> None:
        await self.handler(command, job, self.open_stream(job.cause))


def slow_handlers(
    handler: AskQuestionHandler, open_stream: Callable[[Envelope], AnswerStream]
) -> Mapping[type[Message], SlowHandler]:
    return {AskQuestion: AskQuestionJob(handler=handler, open_stream=open_stream)}
