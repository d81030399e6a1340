"""How a consumer sees that it hangs: something waits, and it doesn't get on."""

import time
from collections.abc import Callable, Iterable, Mapping

from messaging.log_reader import Place


class Progress:
    """For each partition since when it has waited at the same offset."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: dict[Place, tuple[int, float]] = {}

    def note(self, waiting: Mapping[Place, int]) -> None:
        """These partitions have more to read, from these offsets on; the others have not."""
        now = self._clock()
        self._since = {
            place: known
            if (known := self._since.get(place, (offset, now)))[0] == offset
            else (offset, now)
            for place, offset in waiting.items()
        }

    def keep(self, held: Iterable[Place]) -> None:
        """Only these are read here now."""
        self._since = {place: self._since[place] for place in held if place in self._since}

    @property
    def waiting_s(self) -> float:
        """How long the partition that has waited longest has not got on, in seconds."""
        now = self._clock()
        return max((now - since for _offset, since in self._since.values()), default=0.0)
