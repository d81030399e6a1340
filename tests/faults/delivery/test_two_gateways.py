from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import pytest

from contracts.topics import GATEWAY_OUTCOMES
from tests.faults.delivery.process import Process
from tests.faults.delivery.system import System

COMMANDS: Final = 12_000
"""It takes seconds until the second gateway has its share, and there must be some left for it."""

pytestmark = pytest.mark.whole_set


async def is_killed(gateway: Process) -> None:
    gateway.kill()


async def is_told_to_end(gateway: Process) -> None:
    await gateway.ends()


@pytest.mark.parametrize("leaves", [is_killed, is_told_to_end])
async def test_outcomes_asked_for_on_partitions_that_change_hands_are_all_heard_once(
    leaves: Callable[[Process], Awaitable[None]], system: System
) -> None:
    """A name of its own would give a gateway its partitions back: these have none."""
    first = system.gateway
    first.orders = replace(first.orders, instance=None)
    system.load.reply_partitions = range(GATEWAY_OUTCOMES.partitions)
    system.start()
    second = system.add("second gateway", "gateway", instance=None)
    pids = {first.pid}
    async with system.under_load(COMMANDS):
        await system.has_heard(system.random.randrange(300, 1_000))
        second.start()
        pids.add(second.pid)
        await system.has_heard_in(second.pid, system.random.randrange(1, 500))
        assert len(system.load.accepted) < COMMANDS, "nothing was under way any more"
        await leaves(first)
    evidence = await system.keeps_its_promise()
    assert set(evidence.heard_by) == pids
