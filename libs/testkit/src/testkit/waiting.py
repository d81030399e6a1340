"""Tests wait for a condition, never for a time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from inspect import isawaitable
from typing import Any

_POLL_S = 0.01


async def until(
    is_so: Callable[[], bool] | Callable[[], Awaitable[bool]], *, at_most_s: float = 10.0
) -> None:
    """Return as soon as the condition holds. Raises TimeoutError when it never does."""
    async with asyncio.timeout(at_most_s):
        while True:
            result = is_so()
            if await result if isawaitable(result) else result:
                return
            await asyncio.sleep(_POLL_S)


@asynccontextmanager
async def in_background(running: Coroutine[Any, Any, None]) -> "AsyncIterator[asyncio.Task[None]]":
    """Run it beside the block and cancel it at the end; an error of its own is raised there."""
    task = asyncio.create_task(running)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    if not task.cancelled() and (error := task.exception()):
        raise error
