"""What a consumer remembers of the log it reads, so that it notices when it is another one.

A mark is trusted once the log was seen to hold it after it was consumed. What was consumed since is
checked together with the trusted mark, so that a log that is lost in between shows in one of them.
A lost log comes with a pause, hence the last message before each pause is checked as well.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from messaging.log_reader import LogReader, Mark, Place

PAUSE_S: Final = 0.2
MOST_MARKS: Final = 16


class LogMemory:
    """The marks of the partitions that a consumer holds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._trusted: dict[Place, Mark] = {}
        self._recent: dict[Place, list[Mark]] = defaultdict(list)
        self._seen_at: dict[Place, float] = {}

    def saw(self, place: Place, mark: Mark) -> None:
        """The mark is the last message of a batch that was consumed."""
        now, marks = self._clock(), self._recent[place]
        has_paused = now - self._seen_at.get(place, now) >= PAUSE_S
        if marks and (len(marks) >= MOST_MARKS or not has_paused):
            marks[-1] = mark
        else:
            marks.append(mark)
        self._seen_at[place] = now

    def note(self, place: Place) -> str:
        """What to keep with the committed offset: the oldest mark that is still to be held."""
        mark = self._trusted.get(place) or next(iter(self._recent[place]), None)
        return f"{mark.offset} {mark.message_id}" if mark else ""

    def recall(self, notes: Mapping[Place, str]) -> None:
        """Begin with the partitions that have been assigned, and what was kept of each."""
        self.forget([*self._trusted, *self._recent])
        for place, note in notes.items():
            offset, _, message_id = note.partition(" ")
            if offset.isdecimal():
                self._trusted[place] = Mark(offset=int(offset), message_id=message_id)

    def forget(self, places: Iterable[Place]) -> None:
        """These are read from their start, or by somebody else."""
        for place in set(places):
            self._trusted.pop(place, None)
            self._recent.pop(place, None)
            self._seen_at.pop(place, None)

    async def changed(self, reader: LogReader) -> set[Place]:
        """The partitions whose log isn't the one that was read; the others are trusted anew.

        Raises what the reader raises; then nothing is trusted anew.
        """
        checked = {
            place: [mark for mark in (self._trusted.get(place), *self._recent[place]) if mark]
            for place in {*self._trusted, *self._recent}
        }
        changed: set[Place] = set()
        for turn in range(max(map(len, checked.values()), default=0)):
            changed |= await reader.changed(
                {place: marks[turn] for place, marks in checked.items() if turn < len(marks)}
            )
        for place, marks in checked.items():
            if marks and place not in changed:
                self._trusted[place] = marks[-1]
                self._recent[place] = [m for m in self._recent[place] if m not in marks]
        return changed
