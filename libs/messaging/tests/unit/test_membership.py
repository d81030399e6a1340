import asyncio
from contextlib import suppress

from aiokafka import TopicPartition

from messaging.membership import Membership

PLACE = TopicPartition("topic", 0)


async def test_who_was_told_too_late_to_begin_does_not_let_its_successor_begin() -> None:
    begun, may_end = 0, asyncio.Event()

    async def begin_with(_assigned: set[TopicPartition]) -> None:
        nonlocal begun
        begun += 1
        if begun == 1:
            with suppress(asyncio.CancelledError):  # as a library may do
                await asyncio.Event().wait()
            return
        await may_end.wait()

    membership = Membership(begin_with)
    await membership.on_partitions_assigned({PLACE})
    first = membership._beginning
    assert first is not None
    await asyncio.sleep(0)
    await membership.on_partitions_revoked({PLACE})
    await membership.on_partitions_assigned({PLACE})
    await first
    assert not membership.has_begun.is_set()
    may_end.set()
    await membership.has_begun.wait()
