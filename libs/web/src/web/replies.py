"""The address for the outcomes of what a service asks of others."""

from collections.abc import Callable, Sequence

from contracts.topics import Topic


class Replies:
    """Where an instance hears the outcomes of what it asks: on `topic`, in the partition it holds.

    The store writes it on every command, and only the subscription, which is built on the store,
    knows the partition. So this is made first and given to both.
    """

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self._held: Callable[[Topic], Sequence[int]] = lambda _topic: ()

    def partition(self) -> int | None:
        """One that this instance holds now, if any."""
        return next(iter(self._held(self.topic)), None)

    def are_heard_in(self, held: Callable[[Topic], Sequence[int]]) -> None:
        """From now on `held` says which partitions of a topic this instance holds."""
        self._held = held
