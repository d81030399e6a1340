"""The cyclic garbage collector, told what a consumer of batches does."""

import gc
from typing import Final

YOUNG_OBJECTS: Final = 200_000
"""A batch of 500 messages is some thousands of objects, and all but a few die without its help."""


def spare_the_collector() -> None:
    """Call it once, when a process has started, and everything it keeps for good is there.

    With Python's own settings the collector takes longer over a batch than decoding does: it looks
    through the imported libraries each time. Source: https://docs.python.org/3/library/gc.html
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
