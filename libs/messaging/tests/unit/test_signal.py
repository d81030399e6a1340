import asyncio

from messaging.signal import Signal


async def test_a_call_wakes_whoever_waits() -> None:
    signal = Signal()
    waiting = asyncio.create_task(signal.wait(at_most_s=60))
    await asyncio.sleep(0)
    signal.set()
    await asyncio.wait_for(waiting, 1)


async def test_a_call_that_came_before_is_kept_once() -> None:
    signal = Signal()
    signal.set()
    signal.set()
    await asyncio.wait_for(signal.wait(at_most_s=60), 1)
    again = asyncio.create_task(signal.wait(at_most_s=60))
    done, _ = await asyncio.wait([again], timeout=0.05)
    assert not done
    again.cancel()


async def test_without_a_call_waiting_ends_by_itself() -> None:
    await asyncio.wait_for(Signal().wait(at_most_s=0.01), 1)
