import pytest

from auth.adapters import memory
from auth.adapters.memory import MemoryAttempts
from auth.domain.refusals import TooManyAttempts


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def attempts(clock: Clock) -> MemoryAttempts:
    return MemoryAttempts(clock)


def fail(attempts: MemoryAttempts, times: int, *, email: str = "a", address: str = "1") -> None:
    for number in range(times):
        attempts.begin(email.format(number), address.format(number))


def test_after_ten_failures_an_address_of_e_mail_waits_wherever_they_came_from(
    attempts: MemoryAttempts, clock: Clock
) -> None:
    fail(attempts, 10, address="{}")
    clock.now = 100.5
    with pytest.raises(TooManyAttempts) as refused:
        attempts.begin("a", "elsewhere")
    assert refused.value.retry_after_s == 500
    attempts.begin("b", "elsewhere")


def test_whoever_tries_many_e_mail_addresses_waits_too(attempts: MemoryAttempts) -> None:
    fail(attempts, 30, email="{}")
    with pytest.raises(TooManyAttempts):
        attempts.begin("another", "1")
    attempts.begin("another", "2")


def test_a_failure_is_forgotten_after_ten_minutes(attempts: MemoryAttempts, clock: Clock) -> None:
    fail(attempts, 9)
    clock.now = 300
    fail(attempts, 1)
    clock.now = 600
    fail(attempts, 9)
    with pytest.raises(TooManyAttempts) as refused:
        attempts.begin("a", "1")
    assert refused.value.retry_after_s == 300


def test_a_refused_attempt_does_not_lengthen_the_wait(
    attempts: MemoryAttempts, clock: Clock
) -> None:
    fail(attempts, 10)
    for clock.now in (100, 200, 599):
        with pytest.raises(TooManyAttempts):
            attempts.begin("a", "1")
    clock.now = 600
    attempts.begin("a", "1")


def test_a_success_forgives_the_e_mail_address_but_not_the_network_address(
    attempts: MemoryAttempts,
) -> None:
    fail(attempts, 20, email="{}")
    for _ in range(9):
        attempts.begin("mine", "1")
    attempts.begin("mine", "1")
    attempts.succeed("mine", "1")
    attempts.begin("mine", "1")
    with pytest.raises(TooManyAttempts):
        attempts.begin("mine", "1")


def test_an_attempt_that_was_never_judged_does_not_count(attempts: MemoryAttempts) -> None:
    for _ in range(50):
        attempts.begin("a", "1")
        attempts.withdraw("a", "1")
    attempts.begin("a", "1")


def test_no_more_keys_are_remembered_than_the_limit(
    attempts: MemoryAttempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "MAX_KEYS", 2)
    fail(attempts, 10, email="first", address="{}")
    fail(attempts, 2, email="other {}", address="{}")
    attempts.begin("first", "elsewhere")
