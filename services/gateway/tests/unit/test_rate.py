import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.rate import Policy, decide

POLICY = Policy(name="test", burst=5, window_s=10)

policies = st.builds(
    Policy, name=st.just("test"), burst=st.integers(1, 1_000), window_s=st.integers(1, 3_600)
)
starts = st.floats(0, 1e7)
pauses = st.lists(st.floats(0, 30), min_size=1, max_size=100)


@given(policies, starts)
def test_exactly_a_burst_passes_at_once_whatever_the_clock_says(
    policy: Policy, start_s: float
) -> None:
    full_at_s, remaining = 0.0, []
    for _ in range(policy.burst):
        decision = decide(policy, full_at_s=full_at_s, now_s=start_s)
        assert decision.is_allowed
        full_at_s = decision.full_at_s
        remaining.append(decision.remaining)
    assert remaining == list(reversed(range(policy.burst)))
    assert not decide(policy, full_at_s=full_at_s, now_s=start_s).is_allowed


@given(policies, starts, pauses)
def test_no_span_of_time_sees_more_than_a_burst_and_what_the_rate_adds(
    policy: Policy, start_s: float, pauses_s: list[float]
) -> None:
    now_s, full_at_s, passed = start_s, 0.0, list[float]()
    for pause_s in pauses_s:
        now_s += pause_s
        decision = decide(policy, full_at_s=full_at_s, now_s=now_s)
        full_at_s = decision.full_at_s
        if decision.is_allowed:
            passed.append(now_s)
    for first, since_s in enumerate(passed):
        for last, until_s in enumerate(passed[first:], start=1):
            assert last <= policy.burst + (until_s - since_s) / policy.interval_s + 0.01, first


@given(policies, starts, pauses)
def test_what_remains_is_what_passes_at_once(
    policy: Policy, start_s: float, pauses_s: list[float]
) -> None:
    now_s, full_at_s = start_s, 0.0
    for pause_s in pauses_s:
        now_s += pause_s
        full_at_s = decide(policy, full_at_s=full_at_s, now_s=now_s).full_at_s
    decision = decide(policy, full_at_s=full_at_s, now_s=now_s)
    for _ in range(decision.remaining):
        again = decide(policy, full_at_s=decision.full_at_s, now_s=now_s)
        assert again.is_allowed
        decision = again
    assert not decide(policy, full_at_s=decision.full_at_s, now_s=now_s).is_allowed


@given(policies, starts, pauses)
def test_whoever_waits_as_long_as_told_may_pass(
    policy: Policy, start_s: float, pauses_s: list[float]
) -> None:
    now_s, full_at_s = start_s, 0.0
    for pause_s in pauses_s:
        decision = decide(policy, full_at_s=full_at_s, now_s=now_s)
        full_at_s = decision.full_at_s
        if decision.is_allowed:
            now_s += pause_s
            continue
        assert 1 <= decision.retry_after_s <= policy.window_s
        now_s += decision.retry_after_s
        assert decide(policy, full_at_s=full_at_s, now_s=now_s).is_allowed


def test_a_refused_request_costs_nothing() -> None:
    full_at_s = 0.0
    for _ in range(50):
        full_at_s = decide(POLICY, full_at_s=full_at_s, now_s=0.0).full_at_s
    assert full_at_s == pytest.approx(10)
    assert decide(POLICY, full_at_s=full_at_s, now_s=2.0).is_allowed
