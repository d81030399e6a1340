"""Moments in a store that keeps milliseconds."""

from datetime import datetime, timedelta
from typing import Any


def created_between(since: datetime, until: datetime | None) -> dict[str, Any]:
    """Finds what was created from `since` on and before `until`.

    The store cuts moments to milliseconds, so the last one counts whole: of two ways to be wrong,
    to find too much is the harmless one.
    """
    times = {"$gte": since}
    if until is not None:
        times["$lt"] = _next_millisecond(until)
    return {"created_at": times}


def _next_millisecond(moment: datetime) -> datetime:
    over = moment.microsecond % 1_000
    return moment + timedelta(microseconds=1_000 - over) if over else moment
