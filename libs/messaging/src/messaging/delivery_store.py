"""Everything that delivery keeps in the store of one service, behind one port."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from messaging.dead_letters import DeadLetters
from messaging.signal import Signal
from messaging.store import Inbox, Jobs, Outbox, Requests, Store

W_co = TypeVar("W_co", covariant=True)


class DeliveryStore(Protocol[W_co]):
    """All of delivery's ports on the store of one service: what a service is built on.

    `outbox_wake` and `jobs_wake` are set when a commit has made work for the relay or for the
    workers. `loops` run for as long as the service runs.
    """

    @property
    def store(self) -> Store[W_co]: ...

    @property
    def outbox(self) -> Outbox: ...

    @property
    def inbox(self) -> Inbox: ...

    @property
    def requests(self) -> Requests: ...

    @property
    def jobs(self) -> Jobs: ...

    @property
    def dead_letters(self) -> DeadLetters: ...

    @property
    def outbox_wake(self) -> Signal: ...

    @property
    def jobs_wake(self) -> Signal: ...

    @property
    def loops(self) -> Sequence[Callable[[], Awaitable[None]]]: ...

    async def replay(self, topic: str, *, since: datetime, until: datetime) -> int:
        """Publish again what was sent to one topic of what was committed in that time.

        Returns the number of messages.
        """

    async def check(self) -> None:
        """One trip to the store. Raises what the driver raises when it is away."""

    async def close(self) -> None:
        """Give all connections back."""
