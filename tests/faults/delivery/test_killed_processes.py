import pytest

from tests.faults.delivery.breaking import Faults, Point
from tests.faults.delivery.system import System

LONG = pytest.mark.whole_set


@pytest.mark.whole_set
@pytest.mark.parametrize("name", ["ledger", "catalog"])
async def test_a_consumer_killed_in_the_middle_of_a_batch_leaves_nothing_half_done(
    name: str, system: System, commands: int
) -> None:
    killed = system.processes[name]
    system.start(**{name: Faults(die_at="handling", die_on=system.random.randrange(500, 1_500))})
    async with system.under_load(commands):
        await killed.killed_itself()
        killed.start()
    await system.keeps_its_promise()


@pytest.mark.parametrize(
    "name", ["ledger", pytest.param("gateway", marks=LONG), pytest.param("catalog", marks=LONG)]
)
async def test_a_consumer_killed_between_the_commits_of_store_and_offset_repeats_no_effect(
    name: str, system: System, commands: int
) -> None:
    killed = system.processes[name]
    system.start(**{name: Faults(die_at="committed", die_on=system.random.randrange(2, 5))})
    async with system.under_load(commands):
        await killed.killed_itself()
        killed.start()
    await system.keeps_its_promise()


@pytest.mark.parametrize(
    ("name", "point"),
    [
        ("ledger", "sent"),
        pytest.param("gateway", "sent", marks=LONG),
        pytest.param("ledger", "marked", marks=LONG),
    ],
)
async def test_a_relay_killed_around_marking_what_it_has_sent_loses_nothing_and_repeats_no_effect(
    name: str, point: Point, system: System, commands: int
) -> None:
    killed = system.processes[name]
    system.start(**{name: Faults(die_at=point, die_on=system.random.randrange(3, 8))})
    async with system.under_load(commands):
        await killed.killed_itself()
        killed.start()
    await system.keeps_its_promise()
