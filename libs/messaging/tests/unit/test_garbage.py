import gc
from collections.abc import Iterator

import pytest

from messaging.garbage import OF_A_MESSAGE, spare_the_collector


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_what_a_process_has_at_its_start_is_not_looked_through_again() -> None:
    keeps = [[number] for number in range(1_000)]
    spare_the_collector()
    assert gc.get_freeze_count() > len(keeps)
    assert not any(known is keeps for known in gc.get_objects())


def test_a_batch_does_not_set_off_the_collector() -> None:
    spare_the_collector(700)
    young, *older = gc.get_threshold()
    assert young == 700 * OF_A_MESSAGE
    assert older


def test_cycles_that_come_later_are_still_collected() -> None:
    spare_the_collector()
    cycle: list[object] = []
    cycle.append(cycle)
    del cycle
    assert gc.collect() >= 1
