"""The generic cell rate algorithm: a bucket that needs one number.

Source: ITU-T I.371, and https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
"""

from dataclasses import dataclass
from math import ceil, floor
from typing import Final

_ROUNDING_S: Final = 1e-6
"""More than what a burst of additions to the clock of a machine that is up for years can lose."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """`burst` requests at once, and `burst` in every `window_s` seconds over time."""

    name: str
    burst: int
    window_s: int

    @property
    def interval_s(self) -> float:
        return self.window_s / self.burst


@dataclass(frozen=True, kw_only=True)
class Decision:
    """`full_at_s` is the theoretical arrival time to keep for the next request."""

    is_allowed: bool
    remaining: int
    retry_after_s: int
    full_at_s: float


def decide(policy: Policy, *, full_at_s: float, now_s: float) -> Decision:
    """May one more request pass at `now_s`?"""
    start = max(full_at_s, now_s)
    ends = start + policy.interval_s
    excess = ends - now_s - policy.window_s
    if excess > _ROUNDING_S:
        return Decision(
            is_allowed=False, remaining=0, retry_after_s=max(1, ceil(excess)), full_at_s=full_at_s
        )
    remaining = floor((_ROUNDING_S - excess) / policy.interval_s)
    return Decision(is_allowed=True, remaining=remaining, retry_after_s=0, full_at_s=ends)
