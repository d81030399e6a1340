"""What a transaction has collected by its end."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from messaging.asking import pause_after
from messaging.envelope import Outgoing
from messaging.inbox import InboxEntry
from messaging.store import DeadLetter, Job
from messaging.work import Postbox, Request
from storage.codec import pack, parcel
from storage.dead_letters import letter_row
from storage.entries import entry_row
from storage.mongo.database import Document, MongoDatabase, next_number
from storage.mongo.posting import numbered, parcels_of
from storage.mongo.unit import Unit


def entry_id(consumer: str, message_id: UUID) -> str:
    """The id of an entry in the inbox."""
    return f"{consumer}/{message_id}"


@dataclass(kw_only=True)
class Collected:
    """`known` are the messages that the inbox has had before; `ended` the rows of ended jobs.

    `settled` are entries of earlier transactions that this one settles, unless somebody else is
    faster; then their outcomes aren't posted either.
    """

    messages: list[Outgoing] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    answered: list[UUID] = field(default_factory=list)
    entries: dict[UUID, InboxEntry] = field(default_factory=dict)
    known: set[UUID] = field(default_factory=set)
    settled: dict[UUID, InboxEntry] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)
    ended: list[Document] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)

    def keep(self, postbox: Postbox) -> None:
        """What a unit of work has said is said, if the transaction commits."""
        self.messages.extend(postbox.messages)
        self.requests.extend(postbox.requests)
        self.answered.extend(postbox.answered)

    def is_nothing(self) -> bool:
        """Has nothing been said at all?"""
        return not any(value for name, value in vars(self).items() if name != "known")

    def new_entries(self, unit: Unit) -> list[Document]:
        """The rows of messages that the inbox hasn't had before."""
        new = [entry for id, entry in self.entries.items() if id not in self.known]
        return [_entry(entry, unit) for entry in new]

    async def fill(self, unit: Unit, database: MongoDatabase) -> None:
        """Put everything into the unit but new entries and changes of documents."""
        known = [entry for id, entry in self.entries.items() if id in self.known]
        unit.repeats = [_entry(entry, unit) for entry in [*known, *self.settled.values()]]
        unit.requests = [_request(request, unit) for request in self.requests]
        unit.answered = self.answered
        unit.jobs = await self._jobs(database)
        unit.letters = await self._letters(unit, database)
        unit.parcels = await self._parcels(unit, database)

    async def _jobs(self, database: MongoDatabase) -> list[Document]:
        if not self.jobs:
            return []
        first = await next_number(database, "jobs", len(self.jobs))
        return [_job(job, position) for position, job in enumerate(self.jobs, first)]

    async def _letters(self, unit: Unit, database: MongoDatabase) -> list[Document]:
        if not self.letters:
            return []
        first = await next_number(database, "dead_letters", len(self.letters))
        done = {"redriven_at": None, "discarded_at": None}
        return [
            {"_id": number, **letter_row(letter, unit.created_at), **done}
            for number, letter in enumerate(self.letters, first)
        ]

    async def _parcels(self, unit: Unit, database: MongoDatabase) -> list[Document]:
        parcels = parcels_of(self.messages)
        for entry in self.settled.values():
            if outcome := entry.outcome():
                key = entry_id(entry.consumer, entry.message_id)
                parcels.append({"messages": parcel([outcome]), "if_settled": key})
        return await numbered(parcels, unit.created_at, database)


def _entry(entry: InboxEntry, unit: Unit) -> Document:
    key = entry_id(entry.consumer, entry.message_id)
    return {"_id": key, **entry_row(entry, unit.created_at)}


def _request(request: Request, unit: Unit) -> Document:
    return {
        "_id": request.command_id,
        "message": pack([request.message]),
        "asked": 1,
        "ask_again_at": unit.created_at + timedelta(seconds=pause_after(1)),
        "answered_at": None,
    }


def _job(job: Job, position: int) -> Document:
    return {
        "_id": job.id,
        "key": job.key,
        "position": position,
        "value": job.value,
        "headers": [[name, text] for name, text in job.headers.items()],
        "attempts": 0,
        "not_before": None,
        "lease": None,
        "leased_until": None,
        "error": None,
        "ended_at": None,
    }
