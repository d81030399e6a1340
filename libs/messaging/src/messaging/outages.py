"""What isn't a defect: something that the work needs is away."""

from typing import Any

from messaging.store import Store


class DependencyAway(Exception):
    """A handler raises this when something that it needs can't be reached now.

    Nothing of its batch happens. The partition stops, and the batch is tried again after growing
    pauses; nothing is skipped.
    """


def is_outage(error: BaseException, store: Store[Any]) -> bool:
    """Is the store or a dependency away, so that trying again later is all there is to do?"""
    return isinstance(error, DependencyAway) or store.is_transient(error)
