"""A service with a SQL store, put together: store, messages, HTTP. Its main.py says of what."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Generic, TypeVar

from fastapi import APIRouter, FastAPI
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.contract import Message
from contracts.ids import new_id
from contracts.problems import ProblemTable
from contracts.topics import Topic
from messaging.asking import Asker
from messaging.consumer import BatchConsumer
from messaging.delivery import Delivery, Loop
from messaging.durable import SlowHandler, Workers
from messaging.relay import Relay
from messaging.retention import Retention
from messaging.subscriber import Subscription, kafka_broker
from messaging.work import Handlers, Postbox
from storage.database import Database
from storage.inbox import SqlInbox
from storage.jobs import SqlJobs
from storage.notify import JOBS_CHANNEL, OUTBOX_CHANNEL, Listener
from storage.outbox import SqlOutbox
from storage.requests import SqlRequests
from storage.store import SqlStore
from storage.tables import DeliveryTables
from storage.work import SqlWork
from telemetry.logs import configure_logs
from web.app import create_app, internal_client
from web.callers import TokenVerifier
from web.health import Check
from web.serving import serve
from web.settings import ServiceSettings

W = TypeVar("W", bound=SqlWork)


class SqlService(Generic[W]):
    """The parts that all services share, wired together.

    `outcomes`: the topic on which the service hears the outcomes of what it asks; with it, it
    asks again until they are here. `is_public`: strangers can reach it, so that the internal key
    opens nothing but its metrics. The parts are public, so that main.py can build on them.
    """

    def __init__(
        self,
        name: str,
        settings: ServiceSettings,
        *,
        tables: DeliveryTables,
        make_work: Callable[[AsyncConnection, Postbox], W],
        problems: ProblemTable,
        outcomes: Topic | None = None,
        is_public: bool = False,
    ) -> None:
        configure_logs(name, settings.log_level)
        self.name = name
        self.is_public = is_public
        self.settings = settings
        self.problems = problems
        self.http = internal_client()
        self.db = Database(settings.database_url)
        self.store = SqlStore(
            name,
            self.db,
            tables,
            make_work,
            outcomes=outcomes,
            reply_partition=self._held_partition,
        )
        self._tables = tables
        self._outcomes = outcomes
        self._broker = kafka_broker(settings.kafka_bootstrap_servers, name=name)
        self._subscription: Subscription | None = None
        self._loops: list[Loop] = []
        if outcomes:
            requests = SqlRequests(self.db, tables, self.store.outbox_wake)
            self._loops.append(Asker(requests=requests).run)
        retention = Retention(outbox=SqlOutbox(self.db, tables), inbox=SqlInbox(self.db, tables))
        self._loops.append(retention.run)
        if not self.db.is_sqlite:
            self._loops.append(self._listener().run)

    def consume(
        self,
        topics: Sequence[Topic],
        handlers: Handlers,
        *,
        slow: Mapping[type[Message], SlowHandler] | None = None,
        concurrency: int = 4,
        after_commit: Callable[[], None] = lambda: None,
    ) -> None:
        """Subscribe to `topics`. `slow` messages go through the durable inbox to workers.

        `after_commit` is called after each batch.
        """
        slow = slow or {}
        consumer = BatchConsumer(
            name=self.name,
            store=self.store,
            handlers=handlers,
            slow=frozenset(slow),
            problems=self.problems,
            after_commit=after_commit,
        )
        self._subscription = Subscription(
            self._broker,
            topics,
            group=self.name,
            consume=consumer.consume,
            instance=self.settings.instance,
        )
        if slow:
            workers = Workers(
                name=self.name,
                store=self.store,
                jobs=SqlJobs(self.db, self._tables),
                handlers=slow,
                problems=self.problems,
                wake=self.store.jobs_wake,
                concurrency=concurrency,
            )
            self._loops.append(workers.run)

    def add_loop(self, loop: Loop) -> None:
        """Run this, too, for as long as the service runs."""
        self._loops.append(loop)

    async def serve(
        self,
        routers: Sequence[APIRouter],
        *,
        state: Mapping[str, Any],
        checks: Mapping[str, Check] | None = None,
        resources: Sequence[AbstractAsyncContextManager[Any]] = (),
        **app: Any,
    ) -> None:
        """Serve HTTP and messages until a signal. `resources` are entered first, left last."""
        delivery = self._delivery()
        application = create_app(
            f"Frontdesk {self.name}",
            routers=routers,
            verifier=self.verifier(),
            metrics_key=self.settings.internal_key.get_secret_value() if self.is_public else None,
            problems=self.problems,
            checks={"store": self.db.check, "messages": delivery.check, **(checks or {})},
            lifespan=self._lifespan([*resources, delivery.running()]),
            is_transient=self.store.is_transient,
            state=state,
            **app,
        )
        await serve(application, host=self.settings.http_host, port=self.settings.http_port)

    def verifier(self) -> TokenVerifier:
        """Verifies tokens with auth's keys."""
        key = None if self.is_public else self.settings.internal_key.get_secret_value()
        return TokenVerifier(self.settings.auth_url, key, self.http)

    def _delivery(self) -> Delivery:
        assert self._subscription, "consume() comes first"
        return Delivery(
            broker=self._broker,
            subscription=self._subscription,
            relay=Relay(
                bootstrap_servers=self.settings.kafka_bootstrap_servers,
                outbox=SqlOutbox(self.db, self._tables),
                wake=self.store.outbox_wake,
                holder=self.settings.instance or str(new_id()),
            ),
            loops=self._loops,
        )

    def _lifespan(
        self, resources: Sequence[AbstractAsyncContextManager[Any]]
    ) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
        @asynccontextmanager
        async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
            async with AsyncExitStack() as stack:
                stack.push_async_callback(self.db.close)
                for resource in (self.http, *resources):
                    await stack.enter_async_context(resource)
                yield

        return lifespan

    def _listener(self) -> Listener:
        signals = {
            OUTBOX_CHANNEL: self.store.outbox_wake,
            JOBS_CHANNEL: self.store.jobs_wake,
        }
        return Listener(db=self.db, signals=signals)

    def _held_partition(self) -> int | None:
        if self._outcomes is None or self._subscription is None:
            return None
        return next(iter(self._subscription.partitions(self._outcomes)), None)
