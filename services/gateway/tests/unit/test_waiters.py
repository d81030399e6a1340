import asyncio
from uuid import UUID

import pytest
from services.gateway.tests.fakes import FakeReads, a_view

from contracts.gateway import OperationView
from contracts.ids import new_id
from gateway.application import waiters as module
from gateway.application.waiters import Waiters
from gateway.domain.refusals import OperationNotFound
from testkit.waiting import until


class Desk:
    """Waiters, the operation that they wait for, and how it ends."""

    def __init__(self) -> None:
        self.reads = FakeReads()
        self.waiters = Waiters(self.reads)
        self.operation = self.reads.commit(a_view(new_id()))
        self.ended = a_view(self.operation.id, "succeeded", result={"n": 1})

    async def wait(self, *, at_most_s: float = 30) -> "asyncio.Task[OperationView]":
        looks = self.reads.looks
        waiting = asyncio.create_task(self.waiters.wait(self.operation.id, at_most_s=at_most_s))
        await until(lambda: self.reads.looks > looks)
        return waiting

    @property
    def id(self) -> UUID:
        return self.operation.id


async def test_a_waiter_is_woken_by_the_commit_and_not_by_the_outcome() -> None:
    desk = Desk()
    waiting = await desk.wait()
    desk.waiters.notice(desk.ended)
    assert not (await asyncio.wait({waiting}, timeout=0.02))[0]
    desk.waiters.wake()
    assert await waiting == desk.ended
    assert desk.reads.looks == 1


async def test_all_who_wait_for_one_operation_are_woken() -> None:
    desk = Desk()
    waiting = [await desk.wait() for _ in range(3)]
    desk.waiters.notice(desk.ended)
    desk.waiters.wake()
    assert await asyncio.gather(*waiting) == [desk.ended] * 3


async def test_only_those_are_woken_whose_operation_has_ended() -> None:
    desk = Desk()
    waiting = await desk.wait()
    desk.waiters.notice(a_view(new_id(), "succeeded"))
    desk.waiters.wake()
    assert not (await asyncio.wait({waiting}, timeout=0.02))[0]
    waiting.cancel()


async def test_whoever_comes_between_outcome_and_commit_is_woken_too() -> None:
    desk = Desk()
    desk.waiters.notice(desk.ended)
    waiting = await desk.wait()
    desk.waiters.wake()
    assert await waiting == desk.ended


async def test_an_operation_that_has_ended_is_not_waited_for() -> None:
    desk = Desk()
    desk.reads.commit(desk.ended)
    assert await desk.waiters.wait(desk.id, at_most_s=30) == desk.ended


async def test_when_the_time_is_up_the_operation_is_still_accepted() -> None:
    desk = Desk()
    assert await desk.waiters.wait(desk.id, at_most_s=0.01) == desk.operation


async def test_an_outcome_that_another_instance_has_taken_is_found_by_looking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "POLL_S", 0.01)
    desk = Desk()
    waiting = await desk.wait()
    desk.reads.commit(desk.ended)
    assert await waiting == desk.ended


async def test_nobody_is_remembered_who_has_gone() -> None:
    desk = Desk()
    waiting = [await desk.wait() for _ in range(2)]
    assert desk.waiters.is_waited_for(desk.id)
    waiting[0].cancel()
    await asyncio.wait({waiting[0]})
    assert desk.waiters.is_waited_for(desk.id)
    waiting[1].cancel()
    await asyncio.wait({waiting[1]})
    assert not desk.waiters.is_waited_for(desk.id)


async def test_whoever_is_late_to_leave_is_no_harm_to_the_others() -> None:
    desk = Desk()
    gone, staying = await desk.wait(), await desk.wait()
    desk.waiters.notice(desk.ended)
    gone.cancel()
    desk.waiters.wake()
    assert await staying == desk.ended


async def test_an_unknown_operation_is_not_waited_for() -> None:
    waiters = Waiters(FakeReads())
    unknown = new_id()
    with pytest.raises(OperationNotFound):
        await waiters.wait(unknown, at_most_s=30)
    assert not waiters.is_waited_for(unknown)
