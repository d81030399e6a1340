"""Works off the durable inbox: slow messages, parallel across keys, in order within a key."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from contracts.contract import Message
from contracts.problems import ProblemTable, ProblemType, problem_of
from messaging.consumer import DEFECT
from messaging.envelope import Envelope
from messaging.metrics import JOBS
from messaging.outages import is_outage
from messaging.pauses import pause_s
from messaging.signal import Signal
from messaging.store import DeadLetter, Job, Jobs, LeaseLost, Store
from messaging.work import Settlement

log = logging.getLogger(__name__)

TOO_LATE = ProblemType("deadline-exceeded", 504, "This could not be done in time")


class ProcessEnded(Exception):
    """The process ended in the middle of a job, again and again: the job is the likely cause."""


class _TooLate(Exception):
    """The deadline of a message has passed."""

    def __init__(self, deadline_s: float) -> None:
        super().__init__(deadline_s)
        self.deadline_s = deadline_s


W = TypeVar("W")


@dataclass(frozen=True, kw_only=True)
class RunningJob(Generic[W]):
    """A message that a worker has leased. Its handler must end it with `finish`."""

    store: Store[W]
    job: Job
    cause: Envelope

    @property
    def id(self) -> UUID:
        """The message's id: the command that `finish` settles."""
        return self.cause.id

    @asynccontextmanager
    async def work(self) -> AsyncIterator[W]:
        """A unit of work on the way, in a transaction of its own. The job goes on afterwards."""
        async with self.store.begin() as transaction, transaction.work(self.cause) as work:
            yield work

    @asynccontextmanager
    async def finish(self) -> AsyncIterator[W]:
        """The last unit of work: it ends the job. Settle the command inside.

        Raises LeaseLost, with nothing changed, when another worker has the job by now.
        """
        async with self.store.begin() as transaction:
            await transaction.end(self.job)
            async with transaction.work(self.cause) as work:
                yield work


class SlowHandler(Protocol):
    """Handles a message that takes its time. It may run more than once."""

    async def __call__(self, message: Any, job: RunningJob[Any], /) -> None: ...


@dataclass(kw_only=True)
class Workers(Generic[W]):
    """Leases jobs and runs their handlers, at most `concurrency` at once.

    A refusal settles the command; any other error is tried again after a growing pause, `tries`
    times in all, and then the job is a dead letter and the command has failed. A run that ends with
    its process counts; one that a stop or an outage of the store has ended doesn't.

    `deadlines_s` says of some messages how many seconds after they were sent (by the time in their
    envelope) they are still worth the work. Then a running handler is cancelled, and the command is
    refused.
    """

    name: str
    store: Store[W]
    jobs: Jobs
    handlers: Mapping[type[Message], SlowHandler]
    problems: ProblemTable
    wake: Signal
    deadlines_s: Mapping[type[Message], float] = field(default_factory=dict)
    concurrency: int = 4
    tries: int = 4
    lease_s: float = 12.0
    poll_s: float = 1.0
    first_pause_s: float = 0.5
    outage_pause_s: float = 2.0
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._kinds = {kind.model_fields["type"].default: kind for kind in self.handlers}

    async def run(self) -> None:
        """Until cancelled; then running handlers are cancelled too, and their leases run out."""
        try:
            while True:
                await self._fill()
                await self.wake.wait(at_most_s=self.poll_s)
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def _fill(self) -> None:
        free = self.concurrency - len(self._running)
        if not free:
            return
        try:
            leased = await self.jobs.lease(free, lease_s=self.lease_s)
        except Exception as error:
            log.warning("no jobs can be leased: %r", error)
            return
        for job in leased:
            task = asyncio.create_task(self._work_off(job))
            self._running.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self.wake.set()

    async def _work_off(self, job: Job) -> None:
        renewal = asyncio.create_task(self._keep(job))
        try:
            await self._run_one(job)
        except LeaseLost:
            JOBS.labels("lease_lost").inc()
        except asyncio.CancelledError:
            await self._give_back(job)
            raise
        except Exception:
            log.exception("job %s is left to its lease", job.id)
        finally:
            renewal.cancel()
            with suppress(asyncio.CancelledError):
                await renewal

    async def _give_back(self, job: Job) -> None:
        """A stop isn't the job's fault: whoever comes next can start at once."""
        with suppress(Exception):
            now = datetime.now(UTC)
            await self.jobs.pause(job, until=now, error="stopped", is_counted=False)

    async def _keep(self, job: Job) -> None:
        while True:
            await asyncio.sleep(self.lease_s / 3)
            with suppress(Exception):
                await self.jobs.renew(job, lease_s=self.lease_s)

    async def _run_one(self, job: Job) -> None:
        cause = Envelope.from_headers((name, text.encode()) for name, text in job.headers.items())
        running = RunningJob(store=self.store, job=job, cause=cause)
        if job.attempts > self.tries:
            ended = ProcessEnded(f"{self.tries} runs of this job ended with their process")
            await self._give_up(running, Settlement.failed(DEFECT.problem()), "dead", ended)
            return
        try:
            await self._handle_in_time(running)
        except LeaseLost:
            raise
        except _TooLate as late:
            problem = TOO_LATE.problem(seconds=late.deadline_s)
            await self._give_up(running, Settlement.refused(problem), "too_late")
        except Exception as error:
            await self._after_error(running, error)
        else:
            JOBS.labels("finished").inc()

    async def _handle_in_time(self, running: RunningJob[W]) -> None:
        kind = self._kinds.get(running.cause.type)
        if kind is None:
            raise LookupError(f"{running.cause.type} has no handler here any more")
        left_s: float | None = None
        deadline_s = self.deadlines_s.get(kind, 0.0)
        if kind in self.deadlines_s:
            left_s = deadline_s - (datetime.now(UTC) - running.cause.time).total_seconds()
            if left_s <= 0:
                raise _TooLate(deadline_s)
        deadline = asyncio.timeout(left_s)
        try:
            async with deadline:
                await self.handlers[kind](kind.model_validate_json(running.job.value), running)
        except TimeoutError:
            if deadline.expired():
                raise _TooLate(deadline_s) from None
            raise

    async def _after_error(self, running: RunningJob[W], error: Exception) -> None:
        if problem := problem_of(error, self.problems):
            await self._give_up(running, Settlement.refused(problem), "refused")
        elif is_outage(error, self.store):
            await self._pause(running.job, error, self.outage_pause_s, is_counted=False)
        elif running.job.attempts < self.tries:
            pause = pause_s(running.job.attempts, first_s=self.first_pause_s, longest_s=60)
            await self._pause(running.job, error, pause)
        else:
            log.error("job %s has failed", running.job.id, exc_info=error)
            await self._give_up(running, Settlement.failed(DEFECT.problem()), "dead", error)

    async def _pause(
        self, job: Job, error: Exception, pause: float, *, is_counted: bool = True
    ) -> None:
        log.warning("job %s will be tried again in %.1f s: %r", job.id, pause, error)
        until = datetime.now(UTC) + timedelta(seconds=pause)
        await self.jobs.pause(job, until=until, error=repr(error), is_counted=is_counted)
        JOBS.labels("paused").inc()

    async def _give_up(
        self,
        running: RunningJob[W],
        settlement: Settlement,
        result: str,
        error: Exception | None = None,
    ) -> None:
        async with self.store.begin() as transaction:
            await transaction.end(running.job)
            if error is not None:
                transaction.bury(_letter(self.name, running.job, repr(error)))
            await transaction.settle(running.id, settlement)
        JOBS.labels(result).inc()


def _letter(consumer: str, job: Job, error: str) -> DeadLetter:
    origin = {name: job.headers[name] for name in job.headers if name.startswith("origin-")}
    return DeadLetter(
        consumer=consumer,
        topic=origin["origin-topic"],
        partition=int(origin["origin-partition"]),
        offset=int(origin["origin-offset"]),
        key=job.key.encode(),
        value=job.value.encode(),
        headers=[(name, text.encode()) for name, text in job.headers.items() if name not in origin],
        error=error,
        attempts=job.attempts,
    )
