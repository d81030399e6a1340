from services.gateway.tests.fakes import FakeReads, FakeWork, a_view, an_operation, an_outcome

from contracts.ids import new_id
from contracts.problems import Problem
from gateway.application.record_outcome import RecordOutcome
from gateway.application.waiters import Waiters

SOLD_OUT = Problem(type="/problems/sold-out", title="Sold out", status=409)


async def test_an_outcome_ends_its_operation_and_the_asking() -> None:
    operation = an_operation()
    work = FakeWork(operation)
    await RecordOutcome(Waiters(FakeReads()))(an_outcome(operation.id), work)
    stored = work.operations.rows[operation.id]
    assert (stored.state, stored.result) == ("succeeded", {"n": 1})
    assert stored.finished_at
    assert work.answers == [operation.id]


async def test_a_refusal_keeps_its_problem() -> None:
    operation = an_operation()
    work = FakeWork(operation)
    outcome = an_outcome(operation.id, state="refused", result=None, problem=SOLD_OUT)
    await RecordOutcome(Waiters(FakeReads()))(outcome, work)
    stored = work.operations.rows[operation.id]
    assert stored.problem is not None
    assert Problem.model_validate(stored.problem) == SOLD_OUT


async def test_a_second_outcome_changes_nothing() -> None:
    operation = an_operation()
    work = FakeWork(operation)
    record = RecordOutcome(Waiters(FakeReads()))
    await record(an_outcome(operation.id), work)
    first = work.operations.rows[operation.id]
    await record(an_outcome(operation.id, state="refused", result=None, problem=SOLD_OUT), work)
    assert work.operations.rows[operation.id] == first


async def test_an_outcome_of_something_unknown_only_ends_the_asking() -> None:
    work, stranger = FakeWork(), new_id()
    reads = FakeReads()
    waiters = Waiters(reads)
    await RecordOutcome(waiters)(an_outcome(stranger), work)
    waiters.wake()
    assert work.answers == [stranger]
    assert not work.operations.rows


async def test_whoever_waits_is_told_what_was_stored() -> None:
    operation = an_operation()
    reads = FakeReads()
    reads.commit(a_view(operation.id))
    waiters = Waiters(reads)
    await RecordOutcome(waiters)(an_outcome(operation.id), FakeWork(operation))
    reads.commit(a_view(operation.id, "succeeded"))
    waiters.wake()
    assert (await waiters.wait(operation.id, at_most_s=0)).state == "succeeded"
