import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from libs.storage.tests.instances import Instance

from contracts.ids import new_id
from messaging.store import Job, Jobs, LeaseLost, Store
from storage.work import PostingWork


@pytest.fixture
def other_jobs(other: Instance) -> Jobs:
    return other.delivery.jobs


async def put(store: Store[PostingWork], *keys: str) -> list[UUID]:
    jobs = [Job(id=new_id(), key=key, value="{}", headers={"ce_type": "X"}) for key in keys]
    async with store.begin() as transaction:
        await transaction.enqueue(jobs)
    return [job.id for job in jobs]


async def end(store: Store[PostingWork], job: Job) -> None:
    async with store.begin() as transaction:
        await transaction.end(job)


def ids_of(jobs: list[Job]) -> list[UUID]:
    return [job.id for job in jobs]


async def test_a_job_comes_back_as_it_was_put_with_a_lease(
    store: Store[PostingWork], jobs: Jobs
) -> None:
    [id_] = await put(store, "a")
    [job] = await jobs.lease(10, lease_s=60)
    assert (job.id, job.key, job.value, dict(job.headers)) == (id_, "a", "{}", {"ce_type": "X"})
    assert job.attempts == 1
    assert job.lease is not None


async def test_the_oldest_of_each_key_is_leased_and_the_next_waits_for_its_end(
    store: Store[PostingWork], jobs: Jobs
) -> None:
    first, second, other = await put(store, "a", "a", "b")
    leased = await jobs.lease(10, lease_s=60)
    assert ids_of(leased) == [first, other]
    assert await jobs.lease(10, lease_s=60) == []
    await end(store, leased[0])
    assert ids_of(await jobs.lease(10, lease_s=60)) == [second]


async def test_no_more_are_leased_than_asked_for(store: Store[PostingWork], jobs: Jobs) -> None:
    await put(store, "a", "b", "c")
    assert len(await jobs.lease(2, lease_s=60)) == 2
    assert len(await jobs.lease(2, lease_s=60)) == 1


async def test_two_workers_never_have_the_same_job(
    store: Store[PostingWork], jobs: Jobs, other_jobs: Jobs
) -> None:
    ids = await put(store, *(f"key-{n}" for n in range(20)))
    halves = await asyncio.gather(jobs.lease(10, lease_s=60), other_jobs.lease(10, lease_s=60))
    rest = await jobs.lease(20, lease_s=60)
    assert sorted(ids_of([*halves[0], *halves[1], *rest])) == sorted(ids)


async def test_a_lease_that_has_run_out_passes_on_and_its_old_holder_can_end_nothing(
    store: Store[PostingWork], jobs: Jobs, other_jobs: Jobs
) -> None:
    await put(store, "a")
    [late] = await jobs.lease(1, lease_s=-1)
    [taken] = await other_jobs.lease(1, lease_s=60)
    assert (taken.id, taken.attempts) == (late.id, 2)
    with pytest.raises(LeaseLost):
        await end(store, late)
    assert not await jobs.renew(late, lease_s=60)
    await end(store, taken)
    assert await jobs.lease(1, lease_s=60) == []


async def test_a_renewed_lease_does_not_run_out(store: Store[PostingWork], jobs: Jobs) -> None:
    await put(store, "a")
    [job] = await jobs.lease(1, lease_s=-1)
    assert await jobs.renew(job, lease_s=60)
    assert await jobs.lease(1, lease_s=60) == []


async def test_a_paused_job_rests_holds_up_its_key_and_keeps_its_count(
    store: Store[PostingWork], jobs: Jobs
) -> None:
    first, _ = await put(store, "a", "a")
    [job] = await jobs.lease(1, lease_s=60)
    now = datetime.now(UTC)
    await jobs.pause(job, until=now + timedelta(hours=1), error="broken")
    assert await jobs.lease(10, lease_s=60) == []
    await jobs.pause(replace(job, id=first, lease=new_id()), until=now, error="nobody's")
    assert await jobs.lease(10, lease_s=60) == []


async def test_a_job_whose_pause_is_over_is_tried_again(
    store: Store[PostingWork], jobs: Jobs
) -> None:
    await put(store, "a")
    [job] = await jobs.lease(1, lease_s=60)
    await jobs.pause(job, until=datetime.now(UTC), error="broken")
    [again] = await jobs.lease(1, lease_s=60)
    assert (again.id, again.attempts) == (job.id, 2)
    assert again.lease != job.lease


async def test_a_job_that_is_there_already_stays_as_it_is(
    store: Store[PostingWork], jobs: Jobs
) -> None:
    [id_] = await put(store, "a")
    async with store.begin() as transaction:
        await transaction.enqueue([Job(id=id_, key="a", value="other", headers={})])
    assert [job.value for job in await jobs.lease(10, lease_s=60)] == ["{}"]


async def test_a_job_ends_with_the_transaction_or_not_at_all(
    store: Store[PostingWork], jobs: Jobs
) -> None:
    await put(store, "a")
    [job] = await jobs.lease(1, lease_s=60)

    async def end_and_fail() -> None:
        async with store.begin() as transaction:
            await transaction.end(job)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await end_and_fail()
    await end(store, job)


async def test_only_a_commit_with_jobs_wakes_the_workers(
    instance: Instance, store: Store[PostingWork]
) -> None:
    waiting = asyncio.create_task(instance.delivery.jobs_wake.wait(at_most_s=60))
    async with store.begin() as transaction:
        await transaction.enqueue([])
    await asyncio.sleep(0)
    assert not waiting.done()
    await put(store, "a")
    await asyncio.wait_for(waiting, 1)
