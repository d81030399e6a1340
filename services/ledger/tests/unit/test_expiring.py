from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from ledger.application.expiry import Expiry, minute_of

START = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


class Holds:
    """See ledger.application.ports.DueHolds: some that nobody settles."""

    def __init__(self, count: int) -> None:
        self.ids = [UUID(int=n) for n in range(count)]
        self.sent: list[tuple[UUID, int]] = []
        self.is_away = False

    async def due(self, _now: datetime, limit: int) -> list[tuple[str, UUID]]:
        return [("main", id_) for id_ in self.ids[:limit]]

    async def expire(self, due: list[tuple[str, UUID]], minute: int) -> None:
        if self.is_away:
            raise ConnectionError("the store is away")
        self.sent += [(id_, minute) for _book, id_ in due]


async def test_what_nobody_settles_is_sent_for_once_each_minute() -> None:
    holds, now = Holds(5), [START]
    expiry = Expiry(holds=holds, now=lambda: now[0], batch=2)
    assert [await expiry.expire_once() for _ in range(4)] == [2, 2, 1, 0]
    now[0] += timedelta(minutes=1)
    assert await expiry.expire_once() == 2
    first = minute_of(START)
    assert holds.sent == [
        *((id_, first) for id_ in holds.ids),
        *((id_, first + 1) for id_ in holds.ids[:2]),
    ]


async def test_what_could_not_be_sent_is_sent_when_the_store_is_back() -> None:
    holds = Holds(1)
    expiry = Expiry(holds=holds, now=lambda: START)
    holds.is_away = True
    with pytest.raises(ConnectionError):
        await expiry.expire_once()
    holds.is_away = False
    assert await expiry.expire_once() == 1
