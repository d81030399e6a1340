"""Runs everything that moves a service's messages, for as long as the service runs."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from faststream.kafka import KafkaBroker

from messaging.pauses import pauses_s
from messaging.relay import Relay
from messaging.subscriber import Subscription

log = logging.getLogger(__name__)

CANCEL_AGAIN_S: Final = 2.0

Loop = Callable[[], Awaitable[None]]


class NotReady(Exception):
    """Messages can't be consumed now; the text says why."""


@dataclass(kw_only=True)
class Delivery:
    """A service's subscription and relay, and further `loops` (workers, asking again).

    Within `shutdown_s` a stop finishes the batch in hand, leaves the group and empties the outbox;
    then it ends, half as long after that at most, whatever is left.
    """

    broker: KafkaBroker
    subscription: Subscription
    relay: Relay
    loops: Sequence[Loop] = ()
    shutdown_s: float = 10.0
    alive_within_s: float = 180.0
    _is_consuming: bool = field(default=False, init=False)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start in the background, whether the broker is there or not; stop at the end."""
        loops: list[Loop] = [self.relay.run, *self.loops]
        tasks = [asyncio.create_task(_keep_running(loop)) for loop in loops]
        consuming = asyncio.create_task(self._consume())
        try:
            yield
        finally:
            await self._stop(consuming)
            await _cancel(tasks, at_most_s=self.shutdown_s / 2)

    async def _stop(self, consuming: "asyncio.Task[None]") -> None:
        try:
            async with asyncio.timeout(self.shutdown_s):
                await _cancel([consuming], at_most_s=self.shutdown_s / 2)
                await self.broker.stop()
                await self._flush()
        except Exception as error:
            log.warning("the broker was left without a farewell: %r", error)

    async def check_alive(self) -> None:
        """Raise NotReady when messages have waited so long that only a new start can help.

        Not while something that is needed is away: that would be no better after it.
        """
        waiting_s = self.subscription.waiting_s
        if waiting_s > self.alive_within_s and not self.subscription.trouble:
            raise NotReady(f"messages have waited for {waiting_s:.0f} s, and none is consumed")

    async def check(self) -> None:
        """Raise NotReady unless messages are being consumed."""
        if not self._is_consuming:
            raise NotReady("not connected to the broker")
        if not self.subscription.is_member:
            raise NotReady("waiting for partitions")
        if self.subscription.trouble:
            raise NotReady(f"a batch can't be consumed: {self.subscription.trouble}")
        if self.subscription.is_stuck:
            raise NotReady("messages wait, and none is consumed")

    async def _consume(self) -> None:
        for pause in pauses_s(first_s=0.2, longest_s=5.0):
            try:
                await self.broker.start()
            except Exception as error:
                log.warning("the broker can't be reached, next try in %.1f s: %r", pause, error)
                await asyncio.sleep(pause)
            else:
                break
        self._is_consuming = True
        await self.subscription.watch()

    async def _flush(self) -> None:
        try:
            async with asyncio.timeout(self.shutdown_s / 2):
                await self.relay.emptied()
        except Exception as error:
            log.warning("the outbox keeps what is left for the next start: %r", error)


async def _keep_running(loop: Loop) -> None:
    for pause in pauses_s(first_s=0.5):
        try:
            await loop()
        except Exception:
            log.exception("a loop has ended and is started anew")
            await asyncio.sleep(pause)


async def _cancel(tasks: Sequence["asyncio.Task[None]"], *, at_most_s: float) -> None:
    """Again and again, for a library may swallow a cancellation (cpython issue 86296)."""
    pending = set(tasks)
    try:
        async with asyncio.timeout(at_most_s):
            while pending:
                for task in pending:
                    task.cancel()
                _done, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)
            await asyncio.gather(*tasks, return_exceptions=True)
    except TimeoutError:
        log.warning("%d tasks did not end in time", len(pending))
