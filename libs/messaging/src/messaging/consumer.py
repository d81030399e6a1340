"""Consumes batches: inbox, changes of state, events and outcomes in one transaction."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from contracts.contract import Command, Message
from contracts.problems import ProblemTable, ProblemType, problem_of
from messaging.envelope import Envelope
from messaging.inbox import InboxEntry, fingerprint_of
from messaging.metrics import CONSUMED
from messaging.outages import is_outage
from messaging.records import (
    Decoder,
    Received,
    Record,
    Undecodable,
    Unknown,
    origin_headers,
)
from messaging.store import DeadLetter, Job, Store, Transaction
from messaging.work import Deferred, HandlerResult, Handlers, Settlement

log = logging.getLogger(__name__)

W = TypeVar("W")

DEFECT = ProblemType("internal-error", 500, "Something went wrong on our side")
REUSED_ID = ProblemType("command-id-reused", 422, "This id was used for another command")


class TooManyDeadLetters(Exception):
    """So many records in a row have failed that the fault is unlikely to be theirs."""


@dataclass(kw_only=True)
class BatchConsumer(Generic[W]):
    """What a service does with the messages of its topics.

    `handlers` are applied inline, each in its own unit of work inside the batch's transaction;
    messages of the types in `slow` go to the durable inbox. `problems` says which errors are
    refusals. A handler that fails otherwise is tried `tries` times; then the record is a dead
    letter. `dead_letter_limit` dead letters in a row stop the consumer (0: there is no limit).
    `after_commit` is called after each batch.
    """

    name: str
    store: Store[W]
    handlers: Handlers
    slow: frozenset[type[Message]] = frozenset()
    problems: ProblemTable
    tries: int = 3
    dead_letter_limit: int = 20
    after_commit: Callable[[], None] = lambda: None
    _dead_in_a_row: int = 0

    def __post_init__(self) -> None:
        self._decoder = Decoder({*self.handlers, *self.slow})
        self._commands = f"{self.name}.commands.v1"

    async def consume(self, records: Sequence[Record]) -> None:
        """Apply a batch; returns when it is committed.

        Raises whatever the store raises when it is away, and TooManyDeadLetters; then nothing of
        the batch has happened, and the same records must be delivered again.
        """
        decoded = [self._decoder.decode(record) for record in records]
        ids = [item.envelope.id for item in decoded if item.envelope]
        async with self.store.begin() as transaction:
            known = await transaction.received(ids)
            batch = _Batch(transaction, known, self._dead_in_a_row)
            for item in decoded:
                await self._apply(item, batch)
            await transaction.enqueue(batch.jobs)
        self._dead_in_a_row = batch.dead_in_a_row
        self.after_commit()
        for (message_type, result), count in batch.counts.items():
            CONSUMED.labels(self.name, message_type, result).inc(count)

    async def _apply(self, item: Received | Undecodable | Unknown, batch: "_Batch[W]") -> None:
        if item.envelope and (known := batch.known.get(item.envelope.id)):
            self._repeat(item.record, item.envelope, known, batch)
            return
        match item:
            case Received():
                await self._handle(item, batch)
            case Unknown(record=record, envelope=envelope):
                if record.topic == self._commands:
                    error = f"unknown type {envelope.type}"
                    self._fail(record, envelope, error, batch)
            case Undecodable(record=record, envelope=bad_envelope, error=error):
                self._fail(record, bad_envelope, error, batch)

    async def _handle(self, item: Received, batch: "_Batch[W]") -> None:
        if type(item.message) in self.slow:
            batch.jobs.append(_job(item))
            batch.remember(self._entry(item.record, item.envelope), "queued")
            return
        settlement, result = None, "handled"
        try:
            answer = await self._try(item, batch.transaction)
        except Exception as error:
            if is_outage(error, self.store):
                raise
            problem = problem_of(error, self.problems)
            if problem is None:
                log.exception("%s %s failed", item.envelope.type, item.envelope.id)
                self._fail(item.record, item.envelope, repr(error), batch, attempts=self.tries)
                return
            settlement, result = Settlement.refused(problem), "refused"
        else:
            if isinstance(item.message, Command) and not isinstance(answer, Deferred):
                settlement = Settlement.succeeded(answer)
        batch.remember(self._entry(item.record, item.envelope, settlement), result)

    async def _try(self, item: Received, transaction: Transaction[W]) -> HandlerResult:
        handler = self.handlers[type(item.message)]
        for attempt in range(1, self.tries + 1):
            try:
                async with transaction.work(item.envelope) as work:
                    return await handler(item.message, work)
            except Exception as error:
                refused = problem_of(error, self.problems) is not None
                if refused or attempt == self.tries or is_outage(error, self.store):
                    raise
        raise AssertionError("tries is at least 1")

    def _repeat(
        self,
        record: Record,
        envelope: Envelope,
        known: InboxEntry,
        batch: "_Batch[W]",
    ) -> None:
        current = self._entry(record, envelope)
        if known.fingerprint != current.fingerprint:
            refusal = Settlement.refused(REUSED_ID.problem(command_id=str(envelope.id)))
            if outcome := current.settled(refusal).outcome():
                batch.transaction.post(outcome)
            batch.count(envelope.type, "reused_id")
            return
        if known.settlement:
            current = current.settled(known.settlement)
        batch.remember(current, "repeated")

    def _fail(
        self,
        record: Record,
        envelope: Envelope | None,
        error: str,
        batch: "_Batch[W]",
        *,
        attempts: int = 1,
    ) -> None:
        batch.transaction.bury(
            DeadLetter(
                consumer=self.name,
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                key=record.key,
                value=record.value,
                headers=list(record.headers),
                error=error,
                attempts=attempts,
            )
        )
        batch.dead_in_a_row += 1
        if 0 < self.dead_letter_limit <= batch.dead_in_a_row:
            raise TooManyDeadLetters(
                f"{batch.dead_in_a_row} records in a row have failed, the last one"
                f" {record.topic}[{record.partition}]@{record.offset}: {error}"
            )
        batch.count(envelope.type if envelope else "unreadable", "dead")
        if envelope and envelope.reply_to:
            failed = Settlement.failed(DEFECT.problem())
            batch.keep(self._entry(record, envelope, failed))

    def _entry(
        self, record: Record, envelope: Envelope, settlement: Settlement | None = None
    ) -> InboxEntry:
        fingerprint = fingerprint_of(envelope.type, record.value or b"")
        return InboxEntry.of(self.name, envelope, fingerprint, settlement)


class _Batch(Generic[W]):
    """What one pass over a batch has found out so far."""

    def __init__(
        self, transaction: Transaction[W], known: dict[UUID, InboxEntry], dead_in_a_row: int
    ) -> None:
        self.transaction = transaction
        self.known = known
        self.jobs: list[Job] = []
        self.counts: Counter[tuple[str, str]] = Counter()
        self.dead_in_a_row = dead_in_a_row

    def remember(self, entry: InboxEntry, result: str) -> None:
        self.keep(entry)
        self.dead_in_a_row = 0
        self.count(entry.message_type, result)

    def keep(self, entry: InboxEntry) -> None:
        self.transaction.remember(entry)
        self.known[entry.message_id] = entry

    def count(self, message_type: str, result: str) -> None:
        self.counts[message_type, result] += 1


def _job(item: Received) -> Job:
    return Job(
        id=item.envelope.id,
        key=item.message.aggregate_id,
        value=(item.record.value or b"").decode(),
        headers=item.envelope.headers() | origin_headers(item.record),
    )
