"""A wake-up call inside one process, for loops that otherwise look now and then."""

import asyncio


class Signal:
    """Set by whoever has made work; waited for by whoever does it. Calls in between are kept."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        """There is work."""
        self._event.set()

    async def wait(self, *, at_most_s: float) -> None:
        """Return at the next call, or at one that came since the last wait, or after that time."""
        try:
            async with asyncio.timeout(at_most_s):
                await self._event.wait()
        except TimeoutError:
            return
        finally:
            self._event.clear()
