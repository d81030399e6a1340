"""Growing, jittered pauses between tries.

Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ ("equal jitter")
"""

import random
from collections.abc import Iterator


def pause_s(attempt: int, *, first_s: float, longest_s: float) -> float:
    """The pause after the attempt with that number, counted from 1: between half and all of it."""
    whole: float = min(longest_s, first_s * 2.0 ** min(attempt - 1, 32))
    return whole / 2 + random.uniform(0, whole / 2)


def pauses_s(*, first_s: float = 0.1, longest_s: float = 15.0) -> Iterator[float]:
    """Endless pauses in seconds, growing up to `longest_s`."""
    attempt = 0
    while True:
        attempt += 1
        yield pause_s(attempt, first_s=first_s, longest_s=longest_s)
