"""A service put together: store, messages, HTTP. Its main.py says of what."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI

from contracts.contract import Message
from contracts.ids import new_id
from contracts.problems import ProblemTable
from contracts.topics import Topic
from messaging.asking import Asker
from messaging.broker import LongPollBroker
from messaging.consumer import BatchConsumer
from messaging.delivery import Delivery, Loop
from messaging.delivery_store import DeliveryStore
from messaging.durable import SlowHandler, Workers
from messaging.garbage import spare_the_collector
from messaging.relay import Relay
from messaging.retention import Retention
from messaging.subscriber import MAX_RECORDS, Subscription
from messaging.work import Handlers
from telemetry.logs import configure_logs
from web.app import create_app, internal_client
from web.callers import TokenVerifier
from web.health import Check
from web.replies import Replies
from web.serving import serve
from web.settings import ServiceSettings


class Service:
    """The parts that all services share, wired together on a store of any kind.

    With `replies` the service asks others again until their outcomes are here. `is_public`:
    strangers can reach it, so that the internal key opens nothing but its metrics. The parts are
    public, so that main.py can build on them. The store is closed when the service stops.
    """

    def __init__(
        self,
        name: str,
        settings: ServiceSettings,
        delivery: DeliveryStore[Any],
        *,
        problems: ProblemTable,
        replies: Replies | None = None,
        is_public: bool = False,
    ) -> None:
        configure_logs(name, settings.log_level)
        self.name = name
        self.is_public = is_public
        self.settings = settings
        self.delivery = delivery
        self.problems = problems
        self.http = internal_client()
        self._replies = replies
        self._broker = LongPollBroker(settings.kafka_bootstrap_servers, name=name)
        self._subscription: Subscription | None = None
        self._batch = MAX_RECORDS
        self._relay = Relay(
            bootstrap_servers=settings.kafka_bootstrap_servers,
            outbox=delivery.outbox,
            wake=delivery.outbox_wake,
            holder=settings.instance or str(new_id()),
        )
        self._loops: list[Loop] = [
            Retention(outbox=delivery.outbox, inbox=delivery.inbox).run,
            *delivery.loops,
        ]
        if replies:
            asker = Asker(
                requests=delivery.requests, is_paused=lambda: self._relay.trouble is not None
            )
            self._loops.append(asker.run)

    def consume(
        self,
        topics: Sequence[Topic],
        handlers: Handlers,
        *,
        slow: Mapping[type[Message], SlowHandler] | None = None,
        concurrency: int = 4,
        deadlines_s: Mapping[type[Message], float] | None = None,
        after_commit: Callable[[], None] = lambda: None,
        max_records: int = MAX_RECORDS,
    ) -> None:
        """Subscribe to `topics`. `slow` messages go through the durable inbox to workers.

        `deadlines_s` says of some of them how long after they were sent they are worth the work.
        `after_commit` is called after each batch, which has `max_records` at most.
        """
        slow, self._batch = slow or {}, max_records
        consumer: BatchConsumer[Any] = BatchConsumer(
            name=self.name,
            store=self.delivery.store,
            handlers=handlers,
            slow=frozenset(slow),
            problems=self.problems,
            dead_letter_limit=self.settings.dead_letter_limit,
            after_commit=after_commit,
        )
        self._subscription = Subscription(
            self._broker,
            topics,
            group=self.name,
            decode=consumer.decode,
            consume=consumer.apply,
            instance=self.settings.instance,
            max_records=max_records,
        )
        if self._replies:
            self._replies.are_heard_in(self._subscription.partitions)
        if slow:
            self._loops.append(self._workers(slow, concurrency, deadlines_s or {}).run)

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
        spare_the_collector(self._batch)
        messages = self._messages()
        application = create_app(
            f"Frontdesk {self.name}",
            routers=routers,
            verifier=self.verifier(),
            metrics_key=self.settings.internal_key.get_secret_value() if self.is_public else None,
            problems=self.problems,
            checks={
                "store": self.delivery.check,
                "messages": messages.check,
                **(checks or {}),
            },
            alive_checks={"messages": messages.check_alive},
            lifespan=self._lifespan([*resources, messages.running()]),
            is_transient=self.delivery.store.is_transient,
            state=state,
            **app,
        )
        await serve(application, host=self.settings.http_host, port=self.settings.http_port)

    def verifier(self) -> TokenVerifier:
        """Verifies tokens with auth's keys."""
        key = None if self.is_public else self.settings.internal_key.get_secret_value()
        return TokenVerifier(self.settings.auth_url, key, self.http)

    def _workers(
        self,
        handlers: Mapping[type[Message], SlowHandler],
        concurrency: int,
        deadlines_s: Mapping[type[Message], float],
    ) -> Workers[Any]:
        return Workers(
            name=self.name,
            store=self.delivery.store,
            jobs=self.delivery.jobs,
            handlers=handlers,
            problems=self.problems,
            wake=self.delivery.jobs_wake,
            concurrency=concurrency,
            deadlines_s=deadlines_s,
        )

    def _messages(self) -> Delivery:
        assert self._subscription, "consume() comes first"
        return Delivery(
            broker=self._broker,
            subscription=self._subscription,
            relay=self._relay,
            loops=self._loops,
        )

    def _lifespan(
        self, resources: Sequence[AbstractAsyncContextManager[Any]]
    ) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
        @asynccontextmanager
        async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
            async with AsyncExitStack() as stack:
                stack.push_async_callback(self.delivery.close)
                for resource in (self.http, *resources):
                    await stack.enter_async_context(resource)
                yield

        return lifespan
