"""The cyclic garbage collector, told what a consumer of batches does."""

import gc
from typing import Final

OF_A_MESSAGE: Final = 40
"""Objects, about, until its batch is committed; all but a few die then without its help."""


def spare_the_collector(batch: int = 500) -> None:
    """Call it once, when a process has started, and everything it keeps for good is there.

    It looks at what is young once in a `batch` of so many messages, and not within it.

    With Python's own settings the collector takes longer over a batch than decoding does: it looks
    through the imported libraries each time. Source: https://docs.python.org/3/library/gc.html
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(batch * OF_A_MESSAGE, *gc.get_threshold()[1:])
