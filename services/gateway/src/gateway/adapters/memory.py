"""Rate limits of one process."""

import time
from collections import OrderedDict
from collections.abc import Callable

from gateway.domain.rate import Decision, Policy, decide

MOST_SUBJECTS = 50_000


class MemoryRateLimits:
    """See gateway.application.ports.RateLimits. Forgets whoever has been quiet the longest."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._full_at: OrderedDict[tuple[str, str], float] = OrderedDict()

    async def take(self, policy: Policy, subject: str) -> Decision:
        place = (policy.name, subject)
        known = self._full_at.pop(place, 0.0)
        decision = decide(policy, full_at_s=known, now_s=self._clock())
        self._full_at[place] = decision.full_at_s
        if len(self._full_at) > MOST_SUBJECTS:
            self._full_at.popitem(last=False)
        return decision
