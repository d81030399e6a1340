"""An instance's place in its consumer group."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiokafka import ConsumerRebalanceListener, TopicPartition


class Membership(ConsumerRebalanceListener):  # type: ignore[misc]
    """Has this instance been given its partitions? There may be none for it.

    `begin_with` is called for them, beside the group's own affairs; until it is through,
    `has_begun` isn't set.
    """

    def __init__(self, begin_with: Callable[[set[TopicPartition]], Awaitable[None]]) -> None:
        self.is_member = False
        self.has_begun = asyncio.Event()
        self._begin_with = begin_with
        self._beginning: asyncio.Task[None] | None = None

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Offsets are committed batch by batch; there is nothing else to do."""
        self.has_begun.clear()
        if self._beginning:
            self._beginning.cancel()

    async def on_partitions_assigned(self, assigned: Any) -> None:
        self.has_begun.clear()
        self._beginning = asyncio.create_task(self._begin(set(assigned)))
        self.is_member = True

    async def _begin(self, assigned: set[TopicPartition]) -> None:
        await self._begin_with(assigned)
        # A library may swallow the cancellation: then others are assigned by now.
        if self._beginning is asyncio.current_task():
            self.has_begun.set()
