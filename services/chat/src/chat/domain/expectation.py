"""What kind of fact a question asks for, and whether a sentence has one."""

import re
from typing import Final

_MONTH: Final = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
)
_DAY: Final = "(?:mon|tues|wednes|thurs|fri|satur|sun|week)days?"
_NUMBER_WORD: Final = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_CURRENCY: Final = r"[€$£¥]|\b(?:EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|CZK|JPY)\b"

# Question → what its answer holds. The first that matches counts.
_EXPECTATIONS: Final = (
    (
        r"\bhow (?:much|expensive)\b|\b(?:cost|price|fee|charge)s?\b",
        rf"(?:{_CURRENCY})|\bfree\b|\bfor nothing\b|\b(?i:half|quarter|percent)\b|%",
    ),
    (
        r"\bhow (?:long|far ahead|soon|fast|quickly)\b",
        rf"\b(?:\d+|{_NUMBER_WORD})\s+(?:\w+\s+)?(?:minute|hour|day|week|month|year)s?\b",
    ),
    (r"\bhow (?:many|old|far|tall|big|large|deep|wide|often)\b", rf"\d|\b(?i:{_NUMBER_WORD})\b"),
    (
        r"\bwhen\b|\bwhat time\b|\bopening hours\b|\bwhat (?:day|date|year)\b|\buntil when\b",
        rf"\b\d{{1,2}}:\d{{2}}\b|\b(?i:{_DAY}|{_MONTH})\b|\b[12]\d{{3}}\b",
    ),
    (r"\bwho(?:m|se)?\b", r"\b[A-Z][\w’'-]+ [A-Z][\w’'-]+"),  # noqa: RUF001
    (r"\bwhere\b|\baddress\b", r"\b(?:at|in|on|beside|behind|above|near|next to)\b"),
)
_COMPILED: Final = tuple(
    (re.compile(question, re.IGNORECASE), re.compile(answer)) for question, answer in _EXPECTATIONS
)


def expected_in(question: str) -> re.Pattern[str] | None:
    """What a sentence holds that can answer this question; None when anything may."""
    for asked, expected in _COMPILED:
        if asked.search(question):
            return expected
    return None
