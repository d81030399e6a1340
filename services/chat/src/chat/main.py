"""`python -m chat.main migrate|serve|dead-letters|outbox`."""

import sys

from chat.adapters import tables
from chat.adapters.extractive import ExtractiveModel
from chat.adapters.http_documents import HttpDocuments
from chat.adapters.kafka_streams import KafkaStreams
from chat.adapters.sql import SqlChatWork
from chat.adapters.sql_reads import SqlChatReads
from chat.application.ask_question import AskQuestionHandler
from chat.entrypoints import http, kafka
from chat.entrypoints.problems import PROBLEMS
from chat.settings import ChatSettings
from contracts.chat import AskQuestion
from storage.delivery_store import SqlDeliveryStore
from web.commands import run_command
from web.service import Service


async def serve() -> None:
    settings = ChatSettings()
    delivery = open_store(settings)
    service = Service("chat", settings, delivery, problems=PROBLEMS)
    streams = KafkaStreams(settings.kafka_bootstrap_servers)
    handler = AskQuestionHandler(
        documents=HttpDocuments(
            service.http, settings.ingest_url, settings.internal_key.get_secret_value()
        ),
        model=ExtractiveModel(),
    )
    service.consume(
        kafka.TOPICS,
        kafka.HANDLERS,
        slow=kafka.slow_handlers(handler, streams.open),
        concurrency=settings.answers_at_once,
        deadlines_s={AskQuestion: settings.answer_within_s},
    )
    await service.serve(
        [http.router], state={"reads": SqlChatReads(delivery.db)}, resources=[streams]
    )


def open_store(settings: ChatSettings) -> SqlDeliveryStore[SqlChatWork]:
    return SqlDeliveryStore("chat", settings.database_url, tables.delivery, SqlChatWork)


def migrate() -> None:
    from storage.migrations import upgrade

    settings = ChatSettings()
    upgrade(settings.database_url, settings.migrations)


if __name__ == "__main__":
    sys.exit(run_command("chat", ChatSettings, open_store, migrate=migrate, serve=serve))
