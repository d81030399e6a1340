import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from libs.messaging.tests.memory_store import MemoryStore
from libs.messaging.tests.notes import (
    PROBLEMS,
    NoteView,
    NoteWritten,
    PrintNote,
    RudeText,
    StoreAway,
)

from contracts.ids import new_id
from messaging.consumer import BatchConsumer
from messaging.durable import RunningJob, SlowHandler, Workers
from messaging.signal import Signal
from messaging.store import Job
from testkit.records import record_of
from testkit.waiting import in_background, until
from testkit.workbench import outcomes_of
from testkit.works import RecordingWork

Running = RunningJob[RecordingWork]


class MemoryJobs:
    """See messaging.store.Jobs."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.rests: dict[UUID, datetime] = {}
        self.renewed: list[UUID] = []
        self.errors: list[str] = []

    async def lease(self, limit: int, *, lease_s: float) -> list[Job]:
        leased: list[Job] = []
        keys: set[str] = set()
        for job in self._store.jobs.values():
            is_head = job.key not in keys
            keys.add(job.key)
            is_rested = self.rests.get(job.id, datetime.min.replace(tzinfo=UTC)) <= datetime.now(
                UTC
            )
            if is_head and is_rested and job.lease is None and len(leased) < limit:
                leased.append(replace(job, attempts=job.attempts + 1, lease=new_id()))
        self._store.jobs |= {job.id: job for job in leased}
        return leased

    async def renew(self, job: Job, *, lease_s: float) -> bool:
        self.renewed.append(job.id)
        return True

    async def pause(
        self, job: Job, *, until: datetime, error: str, is_counted: bool = True
    ) -> None:
        self.rests[job.id] = until
        self.errors.append(error)
        attempts = job.attempts if is_counted else job.attempts - 1
        self._store.jobs[job.id] = replace(job, lease=None, attempts=attempts)

    def take_over(self, id: UUID) -> None:
        """Another worker leases the job."""
        self._store.jobs[id] = replace(self._store.jobs[id], lease=new_id())


class Printer:
    """A service whose only command is slow, and its workers."""

    def __init__(self, handle: SlowHandler, **options: Any) -> None:
        self.store = MemoryStore()
        self.jobs = MemoryJobs(self.store)
        self.wake = Signal()
        self.workers = Workers(
            name="notes",
            store=self.store,
            jobs=self.jobs,
            handlers={PrintNote: handle},
            problems=PROBLEMS,
            wake=self.wake,
            first_pause_s=0.001,
            outage_pause_s=0.001,
            **{"poll_s": 0.01} | options,
        )
        self._consumer = BatchConsumer(
            name="notes",
            store=self.store,
            handlers={},
            slow=frozenset({PrintNote}),
            problems=PROBLEMS,
        )

    async def take(self, note_id: UUID | None = None, *, sent: datetime | None = None) -> UUID:
        command_id = new_id()
        command = PrintNote(note_id=note_id or uuid4())
        record = record_of(command, id=command_id, time=sent or datetime.now(UTC))
        await self._consumer.consume([record])
        self.wake.set()
        return command_id

    def states(self) -> dict[UUID, str]:
        return {o.command_id: o.state for o in outcomes_of(self.store.outbox).values()}

    async def has_settled(self, *ids: UUID) -> None:
        await until(lambda: set(ids) <= set(self.states()))


async def print_at_once(command: PrintNote, job: Running) -> None:
    async with job.finish() as work:
        work.announce(NoteWritten(note_id=command.note_id, text="printed"), version=1)
        work.succeed(job.id, NoteView(text="printed"))


async def test_a_slow_command_is_worked_off_and_answered() -> None:
    printer = Printer(print_at_once)
    async with in_background(printer.workers.run()):
        command_id = await printer.take()
        await printer.has_settled(command_id)
    assert printer.states() == {command_id: "succeeded"}
    assert printer.store.types() == ["NoteWritten", "Outcome"]
    assert printer.store.jobs == {}


async def test_what_is_done_on_the_way_stays_when_the_job_goes_on() -> None:
    async def in_two_steps(command: PrintNote, job: Running) -> None:
        async with job.work() as work:
            work.announce(NoteWritten(note_id=command.note_id, text="half"), version=1)
        assert job.job.id in printer.store.jobs
        await print_at_once(command, job)

    printer = Printer(in_two_steps)
    async with in_background(printer.workers.run()):
        await printer.has_settled(await printer.take())
    assert printer.store.types() == ["NoteWritten", "NoteWritten", "Outcome"]


async def test_jobs_of_one_key_go_in_order_and_those_of_others_do_not_wait() -> None:
    gate, order = asyncio.Event(), list[UUID]()

    async def held_up(command: PrintNote, job: Running) -> None:
        if job.id == first:
            await gate.wait()
        order.append(job.id)
        await print_at_once(command, job)

    printer = Printer(held_up)
    note_id = uuid4()
    first, second, other = [await printer.take(key) for key in (note_id, note_id, uuid4())]
    async with in_background(printer.workers.run()):
        await printer.has_settled(other)
        assert printer.states() == {other: "succeeded"}
        gate.set()
        await printer.has_settled(first, second)
    assert order == [other, first, second]


async def test_no_more_jobs_run_at_once_than_the_limit() -> None:
    running, most = 0, 0
    gate = asyncio.Event()

    async def counted(command: PrintNote, job: Running) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await gate.wait()
        running -= 1
        await print_at_once(command, job)

    printer = Printer(counted, concurrency=2)
    ids = [await printer.take() for _ in range(5)]
    async with in_background(printer.workers.run()):
        await until(lambda: running == 2)
        gate.set()
        await printer.has_settled(*ids)
    assert most == 2


async def test_a_refusal_settles_the_command_and_is_not_tried_again() -> None:
    tries: list[UUID] = []

    async def refuse(command: PrintNote, job: Running) -> None:
        tries.append(job.id)
        raise RudeText("rude")

    printer = Printer(refuse)
    async with in_background(printer.workers.run()):
        command_id = await printer.take()
        await printer.has_settled(command_id)
    assert printer.states() == {command_id: "refused"}
    assert (tries, printer.store.letters, printer.store.jobs) == ([command_id], [], {})


async def test_a_defect_is_tried_some_times_then_buried_and_answered() -> None:
    tries: list[int] = []

    async def broken(command: PrintNote, job: Running) -> None:
        tries.append(job.job.attempts)
        raise ZeroDivisionError

    printer = Printer(broken, tries=3)
    async with in_background(printer.workers.run()):
        command_id = await printer.take()
        await printer.has_settled(command_id)
    assert tries == [1, 2, 3]
    assert printer.states() == {command_id: "failed"}
    [letter] = printer.store.letters
    assert (letter.attempts, letter.error) == (3, "ZeroDivisionError()")
    assert printer.jobs.errors == ["ZeroDivisionError()"] * 2


async def test_an_outage_is_waited_out_beyond_any_number_of_tries() -> None:
    tries: list[int] = []

    async def shaky(command: PrintNote, job: Running) -> None:
        tries.append(job.job.attempts)
        if len(tries) < 6:
            raise StoreAway
        await print_at_once(command, job)

    printer = Printer(shaky, tries=2)
    async with in_background(printer.workers.run()):
        command_id = await printer.take()
        await printer.has_settled(command_id)
    assert printer.states() == {command_id: "succeeded"}
    assert tries == [1] * 6


async def test_a_job_whose_runs_end_with_their_process_fails_in_the_end() -> None:
    async def unreachable(command: PrintNote, job: Running) -> None:
        raise AssertionError("the job has had its tries")

    printer = Printer(unreachable, tries=2)
    command_id = await printer.take()
    # Each of these runs was leased and never heard of again.
    printer.store.jobs[command_id] = replace(printer.store.jobs[command_id], attempts=2)
    async with in_background(printer.workers.run()):
        await printer.has_settled(command_id)
    assert printer.states() == {command_id: "failed"}
    assert [letter.error for letter in printer.store.letters] == [
        "ProcessEnded('2 runs of this job ended with their process')"
    ]


async def test_a_worker_that_has_lost_its_lease_changes_nothing() -> None:
    lost = asyncio.Event()

    async def too_slow(command: PrintNote, job: Running) -> None:
        printer.jobs.take_over(job.id)
        try:
            await print_at_once(command, job)
        finally:
            lost.set()

    printer = Printer(too_slow)
    async with in_background(printer.workers.run()):
        command_id = await printer.take()
        await asyncio.wait_for(lost.wait(), 5)
    assert printer.store.outbox == []
    assert list(printer.store.jobs) == [command_id]


async def test_the_lease_of_a_long_job_is_renewed_while_it_runs() -> None:
    async def long(command: PrintNote, job: Running) -> None:
        await until(lambda: printer.jobs.renewed.count(job.id) >= 2)
        await print_at_once(command, job)

    printer = Printer(long, lease_s=0.03)
    async with in_background(printer.workers.run()):
        await printer.has_settled(await printer.take())


async def test_stopping_cancels_what_runs_and_gives_the_job_back_uncounted() -> None:
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def endless(command: PrintNote, job: Running) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    printer = Printer(endless)
    command_id = await printer.take()
    async with in_background(printer.workers.run()):
        await asyncio.wait_for(started.wait(), 5)
    assert cancelled.is_set()
    assert printer.store.outbox == []
    assert printer.store.jobs[command_id].lease is None
    assert printer.store.jobs[command_id].attempts == 0


async def test_a_job_that_nobody_handles_any_more_is_a_dead_letter_with_its_origin() -> None:
    printer = Printer(print_at_once, tries=2)
    printer.workers._kinds.clear()
    async with in_background(printer.workers.run()):
        command_id = await printer.take()
        await printer.has_settled(command_id)
    [letter] = printer.store.letters
    assert "has no handler" in letter.error
    assert (letter.topic, letter.partition) == ("notes.commands.v1", 0)
    assert letter.offset >= 0
    assert not any(name.startswith("origin-") for name, _value in letter.headers)
