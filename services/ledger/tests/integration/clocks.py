"""A clock that only a test moves."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

import pytest

START: Final = datetime(2030, 1, 1, tzinfo=UTC)


class Clock:
    """Stands in for `datetime` where the ledger's store reads the time."""

    def __init__(self) -> None:
        self.moment = START

    def now(self, _zone: tzinfo) -> datetime:
        return self.moment

    def move(self, seconds: float) -> datetime:
        """On, or back when it is negative."""
        self.moment += timedelta(seconds=seconds)
        return self.moment

    def after(self, seconds: float) -> datetime:
        return self.moment + timedelta(seconds=seconds)


def stopped(patch: pytest.MonkeyPatch) -> Clock:
    """The ledger's store has this clock from now on."""
    clock = Clock()
    patch.setattr("ledger.adapters.store.datetime", clock)
    return clock
