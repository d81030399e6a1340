"""`python -m chat.main migrate|serve|dead-letters|outbox`."""

import sys

from chat.adapters.extractive import ExtractiveModel
from chat.adapters.http_documents import HttpDocuments
from chat.adapters.kafka_streams import KafkaStreams
from chat.adapters.sql import SqlChatWork
from chat.adapters.sql_reads import SqlChatReads
from chat.adapters.tables import delivery
from chat.application.ask_question import AskQuestionHandler
from chat.entrypoints import http, kafka
from chat.entrypoints.problems import PROBLEMS
from chat.settings import ChatSettings
from web.commands import run_command
from web.sql_service import SqlService


async def serve() -> None:
    settings = ChatSettings()
    service = SqlService(
        "chat", settings, tables=delivery, make_work=SqlChatWork, problems=PROBLEMS
    )
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
    )
    await service.serve(
        [http.router], state={"reads": SqlChatReads(service.db)}, resources=[streams]
    )


def migrate() -> None:
    from storage.migrations import upgrade

    settings = ChatSettings()
    upgrade(settings.database_url, settings.migrations)


if __name__ == "__main__":
    sys.exit(run_command("chat", ChatSettings, delivery, migrate=migrate, serve=serve))
