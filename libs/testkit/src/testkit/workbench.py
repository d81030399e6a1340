"""Drives a service's handlers on its real SQL store, with records made by hand."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.contract import Command, Message
from contracts.gateway import Outcome
from contracts.problems import ProblemTable
from contracts.topics import Topic
from messaging.consumer import BatchConsumer
from messaging.envelope import Envelope, Outgoing
from messaging.work import Handlers, Postbox
from storage.codec import unpack
from storage.database import Database
from storage.store import SqlStore
from storage.tables import DeliveryTables
from storage.work import SqlWork
from testkit.records import LogRecord, record_of

W = TypeVar("W", bound=SqlWork)


class Workbench(Generic[W]):
    """A service without broker and HTTP: what goes in are batches, what comes out is its outbox.

    The database must have been migrated. `slow` are the messages that go to the durable inbox.
    """

    def __init__(
        self,
        name: str,
        url: str,
        *,
        tables: DeliveryTables,
        make_work: Callable[[AsyncConnection, Postbox], W],
        handlers: Handlers,
        problems: ProblemTable,
        slow: frozenset[type[Message]] = frozenset(),
        outcomes: Topic | None = None,
    ) -> None:
        self.db = Database(url)
        self.tables = tables
        self.store = SqlStore(name, self.db, tables, make_work, outcomes=outcomes)
        self.consumer = BatchConsumer(
            name=name, store=self.store, handlers=handlers, slow=slow, problems=problems
        )

    @asynccontextmanager
    async def running(self) -> "AsyncIterator[Workbench[W]]":
        """Close the database at the end."""
        try:
            yield self
        finally:
            await self.db.close()

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
        """All that the outbox has ever held, or all of one type, oldest first."""
        outbox = self.tables.outbox
        async with self.db.read() as connection:
            query = select(outbox.c.messages).order_by(outbox.c.id)
            rows = (await connection.execute(query)).scalars().all()
        messages = [message for row in rows for message in unpack(row)]
        return [m for m in messages if type is None or m.headers.get("ce_type") == type]


def outcomes_of(messages: list[Outgoing]) -> dict[UUID, Outcome]:
    """The outcomes among messages, by the command that each answers."""
    outcomes = [
        Outcome.model_validate_json(message.value)
        for message in messages
        if message.headers.get("ce_type") == "Outcome"
    ]
    return {outcome.command_id: outcome for outcome in outcomes}
