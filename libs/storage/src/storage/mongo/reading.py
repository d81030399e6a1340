"""What may be seen of a service's documents outside a transaction."""

from collections.abc import Mapping
from typing import Any, Final

VISIBLE: Final[Mapping[str, Any]] = {"delivery.lock.is_new": {"$ne": True}}
"""Put this into the filter of every query: it leaves out what has been added and isn't committed.

A query sees the last state that was finished. What has been committed and not been finished yet is
the state before; it is finished at once, and before the outcome is published.
"""


def committed(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document as its service wrote it, without what delivery keeps in it."""
    return {name: value for name, value in document.items() if name != "delivery"}
