"""Which days of the week a text speaks of, named or not: `on weekdays` is about a Tuesday, too."""

import re
from typing import Final

_NAMES: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NAME: Final = rf"({'|'.join(_NAMES)})s?"
_DAY: Final = re.compile(rf"\b{_NAME}\b", re.IGNORECASE)
_RANGE: Final = re.compile(rf"\b{_NAME}\s*(?:to|until|through|[-–])\s*{_NAME}\b", re.IGNORECASE)  # noqa: RUF001
_GROUPS: Final = {
    re.compile(r"\bweekdays?\b", re.IGNORECASE): frozenset(range(5)),
    re.compile(r"\bweekends?\b", re.IGNORECASE): frozenset({5, 6}),
    re.compile(r"\b(?:daily|(?:every|each) (?:day|morning|evening))\b", re.IGNORECASE): frozenset(
        range(7)
    ),
}


def days_named(text: str) -> frozenset[int]:
    """Monday is 0. Empty when the text names no day."""
    days = {_number(match[1]) for match in _DAY.finditer(text)}
    for match in _RANGE.finditer(text):
        first, last = _number(match[1]), _number(match[2])
        days.update((first + step) % 7 for step in range((last - first) % 7 + 1))
    for pattern, group in _GROUPS.items():
        if pattern.search(text):
            days |= group
    return frozenset(days)


def _number(name: str) -> int:
    return _NAMES.index(name.lower())
