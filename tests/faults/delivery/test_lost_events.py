from tests.faults.delivery.breaking import Faults
from tests.faults.delivery.messages import COUNTERS
from tests.faults.delivery.system import System

LOSSES = 8


async def test_a_copy_that_misses_an_event_asks_its_owner_and_goes_on_from_the_answer(
    system: System, commands: int
) -> None:
    counters = system.random.sample(COUNTERS, LOSSES)
    lost = {counter: system.random.randrange(2, 20) for counter in counters}
    system.start(ledger=Faults(loses=lost))
    async with system.under_load(commands):
        await system.has_accepted(commands)
    evidence = await system.keeps_its_promise(lost=lost)
    assert {answer.counter for answer in evidence.replaced} == set(lost)
