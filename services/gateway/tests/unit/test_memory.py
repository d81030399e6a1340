import pytest

from gateway.adapters import memory
from gateway.adapters.memory import MemoryRateLimits
from gateway.domain.rate import Policy

TWO = Policy(name="caller", burst=2, window_s=60)
OTHER = Policy(name="address", burst=2, window_s=60)


class Clock:
    now_s = 1_000_000.0

    def __call__(self) -> float:
        return self.now_s


async def test_each_subject_and_each_policy_is_counted_for_itself() -> None:
    limits = MemoryRateLimits(Clock())
    places = [(TWO, "ada"), (TWO, "eve"), (OTHER, "ada")]
    for remaining in (1, 0):
        assert [(await limits.take(*place)).remaining for place in places] == [remaining] * 3
    assert not any([(await limits.take(*place)).is_allowed for place in places])


async def test_time_gives_back_what_was_taken() -> None:
    clock = Clock()
    limits = MemoryRateLimits(clock)
    for _ in range(2):
        await limits.take(TWO, "ada")
    assert (await limits.take(TWO, "ada")).retry_after_s == 30
    clock.now_s += 30
    assert (await limits.take(TWO, "ada")).is_allowed


async def test_memory_is_bounded_and_forgets_whoever_was_quiet_the_longest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "MOST_SUBJECTS", 3)
    limits = MemoryRateLimits(Clock())
    for subject in ("ada", "eve", "bob", "ada", "kim"):
        await limits.take(TWO, subject)
    assert len(limits._full_at) == 3
    assert not (await limits.take(TWO, "ada")).is_allowed
    assert (await limits.take(TWO, "eve")).remaining == 1
