"""`python -m gateway.main migrate|serve|dead-letters|outbox`."""

import sys
from collections.abc import Callable
from typing import Final

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from contracts.topics import GATEWAY_OUTCOMES
from gateway.adapters import tables
from gateway.adapters.kafka_streams import KafkaAnswerStreams
from gateway.adapters.memory import MemoryRateLimits
from gateway.adapters.sql import (
    SqlBeginWork,
    SqlGatewayWork,
    SqlOperationReads,
    SqlOperationRetention,
)
from gateway.application.accept_command import AcceptCommand
from gateway.application.record_outcome import RecordOutcome
from gateway.application.stream_answer import StreamAnswer
from gateway.application.waiters import Waiters
from gateway.domain.rate import Policy
from gateway.entrypoints import kafka
from gateway.entrypoints.http.forwarding import Forwarder
from gateway.entrypoints.http.limits import RateLimit
from gateway.entrypoints.http.public import public_router
from gateway.entrypoints.problems import PROBLEMS
from gateway.settings import GatewaySettings
from storage.delivery_store import SqlDeliveryStore
from web.commands import run_command
from web.middleware import BodyLimit
from web.replies import Replies
from web.service import Service

TAKEN_HEADERS: Final = (
    "Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match",
    "Last-Event-ID", "Prefer", "traceparent", "X-Request-Id",
)  # fmt: skip
GIVEN_HEADERS: Final = (
    "Content-Disposition", "ETag", "Location", "Preference-Applied", "RateLimit",
    "RateLimit-Policy", "Retry-After", "traceparent", "X-Request-Id",
)  # fmt: skip


async def serve() -> None:
    settings = GatewaySettings()
    replies = Replies(GATEWAY_OUTCOMES)
    delivery = open_store(settings, replies.partition)
    service = Service(
        "gateway", settings, delivery, problems=PROBLEMS, replies=replies, is_public=True
    )
    reads = SqlOperationReads(delivery.db)
    waiters = Waiters(reads)
    streams = KafkaAnswerStreams(settings.kafka_bootstrap_servers)
    service.consume(kafka.TOPICS, kafka.handlers(RecordOutcome(waiters)), after_commit=waiters.wake)
    service.add_loop(streams.run)
    service.add_loop(SqlOperationRetention(delivery.db, keep_days=settings.operations_days).run)
    await service.serve(
        [public_router()],
        state={
            "accept": AcceptCommand(begin=SqlBeginWork(delivery.store)),
            "forwarder": _forwarder(service, settings),
            "reads": reads,
            "stream_answer": StreamAnswer(streams=streams, waiters=waiters),
            "waiters": waiters,
        },
        streamed=("/api/v1/documents",),
        middleware=middleware(settings),
    )


def _forwarder(service: Service, settings: GatewaySettings) -> Forwarder:
    urls = {
        "auth": settings.auth_url,
        "catalog": settings.catalog_url,
        "chat": settings.chat_url,
        "ingest": settings.ingest_url,
        "ledger": settings.ledger_url,
    }
    return Forwarder(service.http, urls, settings.internal_key.get_secret_value())


def middleware(settings: GatewaySettings) -> list[Middleware]:
    """What every request passes on its way in, outermost first."""
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=["GET", "POST", "PATCH", "PUT", "DELETE"],
            allow_headers=TAKEN_HEADERS,
            expose_headers=GIVEN_HEADERS,
        ),
        Middleware(
            RateLimit,
            limits=MemoryRateLimits(),
            known=Policy(name="caller", burst=settings.known_per_minute, window_s=60),
            stranger=Policy(name="address", burst=settings.stranger_per_minute, window_s=60),
            sign_in=Policy(name="sign-in", burst=settings.sign_in_per_minute, window_s=60),
        ),
        Middleware(BodyLimit, limit_bytes=settings.upload_limit_bytes),
        Middleware(GZipMiddleware, minimum_size=1_024),
    ]


def open_store(
    settings: GatewaySettings, reply_partition: Callable[[], int | None] = lambda: None
) -> SqlDeliveryStore[SqlGatewayWork]:
    return SqlDeliveryStore(
        "gateway",
        settings.database_url,
        tables.delivery,
        SqlGatewayWork,
        outcomes=GATEWAY_OUTCOMES,
        reply_partition=reply_partition,
    )


def migrate() -> None:
    from storage.migrations import upgrade

    settings = GatewaySettings()
    upgrade(settings.database_url, settings.migrations)


if __name__ == "__main__":
    sys.exit(run_command("gateway", GatewaySettings, open_store, migrate=migrate, serve=serve))
