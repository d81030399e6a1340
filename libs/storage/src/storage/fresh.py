"""What a process has just committed to its outbox, so that its relay needn't read it back."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from messaging.envelope import Outgoing

MOST_MESSAGES: Final = 50_000
"""Some 50 MB. What is too much is forgotten, the oldest first, and read from the store."""


class FreshParcels:
    """Parcels by their id in the outbox.

    Only a shortcut: the relay still asks the store which parcels are unsent, and in which order.
    """

    def __init__(self, most_messages: int = MOST_MESSAGES) -> None:
        self._most = most_messages
        self._parcels: OrderedDict[int, Sequence[Outgoing]] = OrderedDict()
        self._count = 0

    def add(self, parcels: Iterable[tuple[int, Sequence[Outgoing]]]) -> None:
        """Parcels that have been committed, with their ids."""
        for id_, messages in parcels:
            self._parcels[id_] = messages
            self._count += len(messages)
        while self._count > self._most:
            self._forget(next(iter(self._parcels)))

    def all(self) -> Mapping[int, Sequence[Outgoing]]:
        """Those that are here now."""
        return dict(self._parcels)

    def drop(self, ids: Iterable[int]) -> None:
        """They have been sent."""
        for id_ in ids:
            self._forget(id_)

    def _forget(self, id_: int) -> None:
        self._count -= len(self._parcels.pop(id_, ()))
