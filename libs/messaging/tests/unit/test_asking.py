import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from messaging.asking import Asker, pause_after
from messaging.envelope import Outgoing
from messaging.work import Request
from testkit.waiting import in_background, until


class MemoryRequests:
    """See messaging.store.Requests. The first `failures` looks fail."""

    def __init__(self, *waiting: tuple[UUID, datetime], failures: int = 0) -> None:
        self.next_turn = dict(waiting)
        self.asked = dict.fromkeys(self.next_turn, 1)
        self.failures = failures

    async def due(self, now: datetime, limit: int) -> list[tuple[Request, int]]:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the store is away")
        message = Outgoing(topic="t", key="k", value="{}", headers={})
        ids = [one for one, turn in self.next_turn.items() if turn <= now][:limit]
        return [(Request(command_id=one, message=message), self.asked[one]) for one in ids]

    async def ask_again(self, requests: Mapping[UUID, datetime]) -> None:
        for command_id, turn in requests.items():
            self.next_turn[command_id] = turn
            self.asked[command_id] += 1


def now() -> datetime:
    return datetime.now(UTC)


async def test_what_is_overdue_is_asked_again_and_then_rests() -> None:
    late, early = uuid4(), uuid4()
    requests = MemoryRequests((late, now()), (early, now() + timedelta(hours=1)))
    asker = Asker(requests=requests)
    assert await asker.ask_once() == 1
    assert requests.asked == {late: 2, early: 1}
    assert requests.next_turn[late] > now() + timedelta(seconds=5)
    assert await asker.ask_once() == 0


async def test_no_more_is_asked_at_a_time_than_a_batch() -> None:
    requests = MemoryRequests(*((uuid4(), now()) for _ in range(5)))
    asker = Asker(requests=requests, batch=2)
    assert [await asker.ask_once() for _ in range(4)] == [2, 2, 1, 0]


async def test_nothing_is_asked_while_nothing_can_be_sent() -> None:
    late, is_paused = uuid4(), True
    asker = Asker(requests=MemoryRequests((late, now())), is_paused=lambda: is_paused)
    assert await asker.ask_once() == 0
    is_paused = False
    assert await asker.ask_once() == 1


async def test_a_store_that_is_away_is_asked_again_later() -> None:
    late = uuid4()
    requests = MemoryRequests((late, now()), failures=2)
    async with in_background(Asker(requests=requests, poll_s=0.001).run()):
        await until(lambda: requests.asked[late] == 2)


def test_pauses_grow_from_seconds_to_minutes() -> None:
    assert 5 <= pause_after(1) <= 10
    assert 10 <= pause_after(2) <= 20
    assert 300 <= pause_after(1_000) <= 600


async def test_asking_ends_when_it_is_cancelled() -> None:
    async with in_background(Asker(requests=MemoryRequests()).run()) as task:
        await asyncio.sleep(0)
    assert task.cancelled()
