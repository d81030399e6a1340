"""Failed attempts to sign in, counted in this process."""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

from auth.domain.refusals import TooManyAttempts

WINDOW_S: Final = 600.0
FAILURES_PER_EMAIL: Final = 10
# More than one person may sit behind an address.
FAILURES_PER_ADDRESS: Final = 30
MAX_KEYS: Final = 10_000


class MemoryAttempts:
    """See auth.application.ports.SignInAttempts.

    An attempt counts from its beginning, so that many at once get no further than one by one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._by_email = _Counts(FAILURES_PER_EMAIL, clock)
        self._by_address = _Counts(FAILURES_PER_ADDRESS, clock)

    def begin(self, email: str, address: str) -> None:
        wait_s = max(self._by_email.wait_s(email), self._by_address.wait_s(address))
        if wait_s > 0:
            raise TooManyAttempts(retry_after_s=math.ceil(wait_s))
        self._by_email.add(email)
        self._by_address.add(address)

    def withdraw(self, email: str, address: str) -> None:
        self._by_email.take_back(email)
        self._by_address.take_back(address)

    def succeed(self, email: str, address: str) -> None:
        self._by_email.forget(email)
        self._by_address.take_back(address)


class _Counts:
    """When each key was last counted; keys beyond MAX_KEYS are forgotten, the quietest first."""

    def __init__(self, limit: int, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._clock = clock
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, key: str) -> float:
        """How long until one more is allowed; 0 when it is allowed now."""
        times = self._times.get(key)
        if times is None:
            return 0.0
        now = self._clock()
        while times and times[0] <= now - WINDOW_S:
            times.popleft()
        return times[0] + WINDOW_S - now if len(times) >= self._limit else 0.0

    def add(self, key: str) -> None:
        self._times.setdefault(key, deque()).append(self._clock())
        self._times.move_to_end(key)
        if len(self._times) > MAX_KEYS:
            self._times.popitem(last=False)

    def take_back(self, key: str) -> None:
        if times := self._times.get(key):
            times.pop()

    def forget(self, key: str) -> None:
        self._times.pop(key, None)
