"""Ends a consumer that hangs, whatever holds it, and starts another one in its place."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Any, Final

from messaging.log_reader import LogReader, Place
from messaging.pauses import pauses_s

log = logging.getLogger(__name__)

ASK_S: Final = 10.0
START_S: Final = 60.0


async def are_others_answered(bootstrap_servers: str, places: Iterable[Place]) -> bool:
    """Does a new client hear of these partitions? If it doesn't, a new start wouldn't help."""
    try:
        async with asyncio.timeout(ASK_S), LogReader(bootstrap_servers) as reader:
            await reader.starts(places)
    except Exception as error:
        log.warning("nobody is answered about the log: %r", error)
        return False
    return True


async def start_anew(subscriber: Any, group: str) -> None:
    """Return when FastStream's subscriber has been given its partitions by a new consumer."""
    # Its handler may wait for what never comes, and a stop would wait for the handler.
    for task in subscriber.tasks:
        task.cancel()
    try:
        await subscriber.stop()
    except Exception as error:
        log.warning("%s has not ended well: %r", group, error)
    for pause in pauses_s():
        try:
            async with asyncio.timeout(START_S):
                await subscriber.start()
        except Exception as error:
            log.warning("%s can't be started yet: %r", group, error)
            await asyncio.sleep(pause)
        else:
            return
