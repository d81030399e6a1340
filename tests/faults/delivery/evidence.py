"""What is left in the stores and in the log when everything has come to rest."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy import Table, func, select

from contracts.topics import GATEWAY_OUTCOMES, LEDGER_COMMANDS, LEDGER_EVENTS, Topic
from messaging.envelope import Envelope, EnvelopeError, Outgoing
from storage.codec import unpack
from storage.database import Database
from storage.tables import DeliveryTables
from testkit.waiting import until
from tests.faults.delivery import tables
from tests.faults.delivery.messages import Moved

SENT_WITHIN_S: Final = 15.0


@dataclass(frozen=True, kw_only=True)
class Move:
    """An event in the ledger's outbox or in the catalog's store."""

    id: UUID
    counter: str
    sequence: int
    amount: int


@dataclass(frozen=True, kw_only=True)
class Replaced:
    """A copy was at `known`; it is what its owner has said, at `version`."""

    counter: str
    known: int
    version: int


@dataclass(kw_only=True)
class Evidence:
    """All that the verdict is found from.

    `confirmed` are commands whose acceptance was confirmed to whoever sent them, `accepted` all
    that the gateway has, with counter and amount; `heard` the outcomes in its store, with how often
    each was recorded, `heard_by` how many each process has recorded; `answers` the ids of the
    distinct outcomes of each command in the log, `misplaced` those that are on another partition
    than was asked for. `announced` and `applied` are the events in the ledger's outbox and in the
    catalog's store; `counters` and `copies` are total and version in the one and in the other.
    """

    confirmed: set[UUID] = field(default_factory=set)
    accepted: dict[UUID, tuple[str, int]] = field(default_factory=dict)
    heard: dict[UUID, tuple[str, int]] = field(default_factory=dict)
    heard_by: Counter[int] = field(default_factory=Counter)
    answers: dict[UUID, set[UUID]] = field(default_factory=dict)
    misplaced: set[UUID] = field(default_factory=set)
    asked: Counter[UUID] = field(default_factory=Counter)
    still_asked: set[UUID] = field(default_factory=set)
    counters: dict[str, tuple[int, int]] = field(default_factory=dict)
    announced: dict[UUID, Move] = field(default_factory=dict)
    in_log: set[UUID] = field(default_factory=set)
    applied: list[tuple[Move, int]] = field(default_factory=list)
    copies: dict[str, tuple[int, int]] = field(default_factory=dict)
    replaced: list[Replaced] = field(default_factory=list)
    unsent: dict[str, int] = field(default_factory=dict)
    dead_letters: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Stores:
    """The three databases."""

    gateway: Database
    ledger: Database
    catalog: Database

    async def is_at_rest(self) -> bool:
        """Has everything that was accepted an outcome, and is every copy up to date?"""
        accepted = await _count(self.gateway, tables.accepted)
        if await _count(self.gateway, tables.outcomes) < accepted or await self._owes():
            return False
        owned = await _versions(self.ledger, tables.counters)
        return await _versions(self.catalog, tables.copies) >= owned

    async def _owes(self) -> bool:
        unsent = await self.unsent()
        return (
            any(unsent.values()) or await _count(self.gateway, tables.gateway_delivery.requests) > 0
        )

    async def heard(self, *, in_process: int | None = None) -> int:
        """How many outcomes the gateway knows by now, or one process of it has recorded."""
        by = tables.outcomes.c.heard_by
        where = [] if in_process is None else [by == in_process]
        return await _count(self.gateway, tables.outcomes, *where)

    async def unsent(self) -> dict[str, int]:
        """Parcels that wait in each outbox."""
        return {
            name: await _count(db, delivery.outbox, delivery.outbox.c.sent_at.is_(None))
            for name, (db, delivery) in self._delivery().items()
        }

    async def _stay_unsent(self) -> dict[str, int]:
        """Parcels that wait in each outbox and don't leave it.

        A command that was asked for twice may be answered a second time at any moment, and such a
        parcel is on its way: only those that were there at first are waited for.
        """
        first = {
            name: await _unsent_ids(db, delivery.outbox)
            for name, (db, delivery) in self._delivery().items()
        }
        left = dict.fromkeys(first, 0)

        async def have_left() -> bool:
            for name, (db, delivery) in self._delivery().items():
                left[name] = len(first[name] & await _unsent_ids(db, delivery.outbox))
            return not any(left.values())

        with suppress(TimeoutError):  # the verdict says what is left
            await until(have_left, at_most_s=SENT_WITHIN_S)
        return left

    def _delivery(self) -> dict[str, tuple[Database, DeliveryTables]]:
        return {
            "gateway": (self.gateway, tables.gateway_delivery),
            "ledger": (self.ledger, tables.ledger_delivery),
            "catalog": (self.catalog, tables.catalog_delivery),
        }

    async def read(self, bootstrap_servers: str, confirmed: set[UUID]) -> Evidence:
        """Everything, from the stores and from the log."""
        evidence = Evidence(confirmed=confirmed, unsent=await self._stay_unsent())
        await self._read_gateway(evidence)
        await self._read_ledger(evidence)
        await self._read_catalog(evidence)
        for name, (db, delivery) in self._delivery().items():
            evidence.dead_letters[name] = await _count(db, delivery.dead_letters)
        await _read_log(bootstrap_servers, evidence)
        return evidence

    async def _read_gateway(self, evidence: Evidence) -> None:
        for row in await _rows(self.gateway, tables.accepted):
            evidence.accepted[row.command_id] = (row.counter, row.amount)
        for row in await _rows(self.gateway, tables.outcomes):
            evidence.heard[row.command_id] = (row.state, row.times)
            evidence.heard_by[row.heard_by] += 1
        for row in await _rows(self.gateway, tables.gateway_delivery.requests):
            evidence.still_asked.add(row.command_id)

    async def _read_ledger(self, evidence: Evidence) -> None:
        for row in await _rows(self.ledger, tables.counters):
            evidence.counters[row.counter] = (row.total, row.version)
        for row in await _rows(self.ledger, tables.ledger_delivery.outbox):
            events = [m for m in unpack(row.messages) if m.topic == LEDGER_EVENTS.name]
            # What was posted again by an operator is the same event.
            evidence.announced |= {event.id: event for event in map(_announced, events)}

    async def _read_catalog(self, evidence: Evidence) -> None:
        for row in await _rows(self.catalog, tables.applied):
            event = Move(
                id=row.event_id, counter=row.counter, sequence=row.sequence, amount=row.amount
            )
            evidence.applied.append((event, row.times))
        for row in await _rows(self.catalog, tables.copies):
            evidence.copies[row.counter] = (row.total, row.version)
        for row in await _rows(self.catalog, tables.replaced):
            evidence.replaced.append(
                Replaced(counter=row.counter, known=row.known, version=row.version)
            )


def _announced(message: Outgoing) -> Move:
    headers = message.headers
    event = Moved.model_validate_json(message.value)
    return Move(
        id=UUID(headers["ce_id"]),
        counter=event.counter,
        sequence=int(headers["ce_sequence"]),
        amount=event.amount,
    )


async def _read_log(bootstrap_servers: str, evidence: Evidence) -> None:
    answers: dict[UUID, set[UUID]] = defaultdict(set)
    asked_at: dict[UUID, int | None] = {}
    for topic in (LEDGER_COMMANDS, LEDGER_EVENTS, GATEWAY_OUTCOMES):
        for record in await records_of(bootstrap_servers, topic):
            try:
                envelope = Envelope.from_headers(record.headers)
            except EnvelopeError:
                continue
            if topic is LEDGER_COMMANDS:
                evidence.asked[envelope.id] += 1
                if envelope.reply_to:
                    asked_at[envelope.id] = envelope.reply_to.partition
            elif topic is LEDGER_EVENTS:
                evidence.in_log.add(envelope.id)
            else:
                command = UUID(envelope.subject)
                answers[command].add(envelope.id)
                if asked_at.get(command) not in (None, record.partition):
                    evidence.misplaced.add(command)
    evidence.answers = dict(answers)


async def records_of(bootstrap_servers: str, topic: Topic) -> list[Any]:
    """Everything that is in the topic now."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        places = [TopicPartition(topic.name, n) for n in range(topic.partitions)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        found: list[Any] = []
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=100)).values():
                found += records
        return found
    finally:
        await consumer.stop()


async def end_of(bootstrap_servers: str, topic: Topic, partition: int) -> int:
    """The next offset of a partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers)
    await consumer.start()
    try:
        place = TopicPartition(topic.name, partition)
        return int((await consumer.end_offsets([place]))[place])
    finally:
        await consumer.stop()


async def _rows(db: Database, table: Table) -> Sequence[Any]:
    async with db.read() as connection:
        return (await connection.execute(select(table))).all()


async def _unsent_ids(db: Database, outbox: Table) -> set[int]:
    async with db.read() as connection:
        query = select(outbox.c.id).where(outbox.c.sent_at.is_(None))
        return set((await connection.execute(query)).scalars())


async def _count(db: Database, table: Table, *where: Any) -> int:
    async with db.read() as connection:
        query = select(func.count()).select_from(table).where(*where)
        return int((await connection.execute(query)).scalar_one())


async def _versions(db: Database, table: Table) -> int:
    """How many moves it knows of."""
    async with db.read() as connection:
        return (await connection.execute(select(func.sum(table.c.version)))).scalar() or 0
