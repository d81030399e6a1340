"""Drives a service's handlers on its real store, with records made by hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from contracts.contract import Command, Message
from contracts.gateway import Outcome
from contracts.problems import ProblemTable
from messaging.consumer import BatchConsumer
from messaging.delivery_store import DeliveryStore
from messaging.envelope import Envelope, Outgoing
from messaging.work import Handlers
from testkit.records import LogRecord, record_of

D = TypeVar("D", bound=DeliveryStore[Any])

_EVERYTHING: Final = 100_000


class Workbench(Generic[D]):
    """A service without broker and HTTP: what goes in are batches, what comes out is its outbox.

    The store under `delivery` must have been migrated. `slow` are the messages that go to the
    durable inbox.
    """

    def __init__(
        self,
        name: str,
        delivery: D,
        *,
        handlers: Handlers,
        problems: ProblemTable,
        slow: frozenset[type[Message]] = frozenset(),
    ) -> None:
        self.delivery = delivery
        self.consumer: BatchConsumer[Any] = BatchConsumer(
            name=name, store=delivery.store, handlers=handlers, slow=slow, problems=problems
        )

    @asynccontextmanager
    async def running(self) -> "AsyncIterator[Workbench[D]]":
        """Close the store at the end."""
        try:
            yield self
        finally:
            await self.delivery.close()

    async def consume(self, *records: LogRecord) -> list[Outgoing]:
        """One batch; returns what it has put into the outbox."""
        before = len(await self.sent())
        await self.consumer.consume(records)
        return (await self.sent())[before:]

    async def handle(self, command: Command, *, id: UUID | None = None) -> Outcome:
        """One command in a batch of its own; returns its outcome."""
        record = record_of(command, id=id)
        command_id = Envelope.from_headers(record.headers).id
        return outcomes_of(await self.consume(record))[command_id]

    async def sent(self, type: str | None = None) -> list[Outgoing]:
        """All that has come to the outbox, or all of one type, oldest first.

        No relay takes anything out of it, so all of it is unsent.
        """
        parcels = await self.delivery.outbox.unsent(_EVERYTHING)
        messages = [message for parcel in parcels for message in parcel.messages]
        return [m for m in messages if type is None or m.headers.get("ce_type") == type]


def outcomes_of(messages: list[Outgoing]) -> dict[UUID, Outcome]:
    """The outcomes among messages, by the command that each answers."""
    outcomes = [
        Outcome.model_validate_json(message.value)
        for message in messages
        if message.headers.get("ce_type") == "Outcome"
    ]
    return {outcome.command_id: outcome for outcome in outcomes}
