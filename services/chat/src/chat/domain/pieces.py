"""A text as it is shown while it comes: a few words at a time."""

import re
from typing import Final

_WORDS_AT_ONCE: Final = 4
_PIECE: Final = re.compile(rf"\s*\S+(?:\s+\S+){{0,{_WORDS_AT_ONCE - 1}}}|\s+$")


def pieces_of(text: str) -> list[str]:
    """Pieces of up to four words; joined they are the text again, white space included."""
    return _PIECE.findall(text)
