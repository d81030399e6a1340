"""Consumes batches: inbox, changes of state, events and outcomes in one transaction."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar
from uuid import UUID

from contracts.contract import Command, Message
from contracts.problems import ProblemTable, ProblemType, problem_of
from messaging.envelope import Envelope
from messaging.inbox import InboxEntry
from messaging.metrics import CONSUMED
from messaging.outages import is_outage
from messaging.records import (
    Decoded,
    Decoder,
    Received,
    Record,
    Undecodable,
    Unknown,
    origin_headers,
)
from messaging.store import DeadLetter, Job, Store, Transaction
from messaging.work import Deferred, Handlers, Settlement

log = logging.getLogger(__name__)

W = TypeVar("W")

DEFECT = ProblemType("internal-error", 500, "Something went wrong on our side")
REUSED_ID = ProblemType("command-id-reused", 422, "This id was used for another command")

AT_ONCE: Final = 50
"""Messages of a batch that are handled in one go: some milliseconds, and nobody else has a turn."""

_DONE: Final = Settlement.succeeded(None)


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
    _one_by_one: bool = False

    def __post_init__(self) -> None:
        self._decoder = Decoder({*self.handlers, *self.slow})
        self._command_types = {kind for kind in self.handlers if issubclass(kind, Command)}
        self._commands = f"{self.name}.commands.v1"

    async def consume(self, records: Sequence[Record]) -> None:
        """Apply a batch; returns when it is committed.

        Raises whatever the store raises when it is away, and TooManyDeadLetters; then nothing of
        the batch has happened, and the same records must be delivered again.
        """
        await self.apply(self.decode(records))

    def decode(self, records: Sequence[Record]) -> list[Decoded]:
        """What each of them is: the part of `consume` that needs no store, and never raises."""
        return self._decoder.decode(records)

    async def apply(self, decoded: Sequence[Decoded]) -> None:
        """The rest of `consume`, which see."""
        ids = [item.envelope.id for item in decoded if item.envelope]
        expected = [
            item.message
            for item in decoded
            if isinstance(item, Received) and type(item.message) not in self.slow
        ]
        async with self.store.begin() as transaction:
            await transaction.expect(expected)
            known = await transaction.received(ids)
            batch = _Batch(transaction, known, self._dead_in_a_row)
            for start in range(0, len(decoded), AT_ONCE):
                if start > 0:
                    await transaction.go_ahead()
                await self._apply_some(decoded[start : start + AT_ONCE], batch)
            await transaction.enqueue(batch.jobs)
        self._dead_in_a_row = batch.dead_in_a_row
        self._one_by_one = False
        self.after_commit()
        for (message_type, result), count in Counter(batch.results).items():
            CONSUMED.labels(self.name, message_type, result).inc(count)

    async def _apply_some(self, items: Sequence[Decoded], batch: "_Batch[W]") -> None:
        place = 0
        while place < len(items):
            place += self._take(items[place:], batch)
            if place < len(items):
                await self._apply_one(items[place], batch)
                place += 1

    def _take(self, items: Sequence[Decoded], batch: "_Batch[W]") -> int:
        if self._one_by_one:
            return 0
        try:
            return batch.take(items)
        except Exception as error:
            # When they come again it is seen which one it was, and that one is a dead letter.
            self._one_by_one = not is_outage(error, self.store)
            raise

    async def _apply_one(self, item: Decoded, batch: "_Batch[W]") -> None:
        envelope = item.envelope
        if envelope and (repeated := batch.known_as(envelope.id)):
            self._repeat(item.record, envelope, repeated, batch)
        elif isinstance(item, Received):
            await self._handle(item, batch)
        else:
            self._set_aside(item, batch)

    async def _handle(self, item: Received, batch: "_Batch[W]") -> None:
        message, envelope = item.message, item.envelope
        kind = type(message)
        if kind in self.slow:
            batch.jobs.append(_job(item))
            batch.remember(self._entry(item.record, envelope), "queued")
            return
        handler = self.handlers[kind]
        for attempt in range(1, self.tries + 1):
            try:
                async with batch.transaction.work(envelope) as work:
                    answer = await handler(message, work)
            except Exception as error:
                if is_outage(error, self.store):
                    raise
                if problem := problem_of(error, self.problems):
                    refused = Settlement.refused(problem)
                    batch.remember(self._entry(item.record, envelope, refused), "refused")
                    return
                if attempt == self.tries:
                    log.exception("%s %s failed", envelope.type, envelope.id)
                    self._fail(item.record, envelope, repr(error), batch, attempts=attempt)
                    return
            else:
                settlement = None
                if kind in self._command_types and not isinstance(answer, Deferred):
                    settlement = _DONE if answer is None else Settlement.succeeded(answer)
                batch.remember(self._entry(item.record, envelope, settlement), "handled")
                return

    def _set_aside(self, item: Undecodable | Unknown, batch: "_Batch[W]") -> None:
        record, envelope = item.record, item.envelope
        if isinstance(item, Undecodable):
            self._fail(record, envelope, item.error, batch)
        elif record.topic == self._commands:
            self._fail(record, envelope, f"unknown type {item.envelope.type}", batch)

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
        return InboxEntry.received(self.name, envelope, record.value or b"", settlement)


class _Batch(Generic[W]):
    """What one pass over a batch has found out so far."""

    def __init__(
        self, transaction: Transaction[W], known: dict[UUID, InboxEntry], dead_in_a_row: int
    ) -> None:
        self.transaction = transaction
        # By number: a UUID is hashed and compared in Python.
        self.known = {id.int: entry for id, entry in known.items()}
        self.taken: set[int] = set()
        self.jobs: list[Job] = []
        self.results: list[tuple[str, str]] = []
        self.dead_in_a_row = dead_in_a_row

    def take(self, items: Sequence[Decoded]) -> int:
        """How many of the first of them the store has handled itself."""
        run = self._run(items) if self.transaction.takes else []
        count = self.transaction.take(run) if len(run) > 1 else 0
        if count:
            self.taken.update([item.envelope.id.int for item in run[:count]])
            self.results += [(item.envelope.type, "handled") for item in run[:count]]
            self.dead_in_a_row = 0
        return count

    def _run(self, items: Sequence[Decoded]) -> list[Received]:
        """The first ones of a kind that the store takes, each with an id that is new."""
        takes, run, ids = self.transaction.takes, list[Received](), set[int]()
        for item in items:
            if not isinstance(item, Received) or type(item.message) not in takes:
                break
            number = item.envelope.id.int
            if number in ids or number in self.taken or number in self.known:
                break
            ids.add(number)
            run.append(item)
        return run

    def known_as(self, id: UUID) -> InboxEntry | None:
        """The entry of a message that was received before, in this batch or an earlier one."""
        if id.int in self.taken:
            return self.transaction.recall(id)
        return self.known.get(id.int)

    def remember(self, entry: InboxEntry, result: str) -> None:
        self.transaction.remember(entry)
        self.known[entry.message_id.int] = entry
        self.results.append((entry.message_type, result))
        self.dead_in_a_row = 0

    def keep(self, entry: InboxEntry) -> None:
        self.transaction.remember(entry)
        self.known[entry.message_id.int] = entry

    def count(self, message_type: str, result: str) -> None:
        self.results.append((message_type, result))


def _job(item: Received) -> Job:
    return Job(
        id=item.envelope.id,
        key=item.message.aggregate_id,
        value=(item.record.value or b"").decode(),
        headers=item.envelope.headers() | origin_headers(item.record),
    )
