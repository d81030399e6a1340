import asyncio
from collections import defaultdict
from uuid import UUID

from contracts.gateway import OperationView
from gateway.application.ports import OperationReads

POLL_S = 5.0
"""How often a waiter looks by itself: the outcome may have come to another instance."""


class Waiters:
    """Requests that wait for operations. They are woken after the commit, never before."""

    def __init__(self, reads: OperationReads) -> None:
        self._reads = reads
        self._waiting: dict[UUID, set[asyncio.Future[OperationView]]] = defaultdict(set)
        self._ended: dict[UUID, OperationView] = {}

    def is_waited_for(self, operation_id: UUID) -> bool:
        return operation_id in self._waiting

    def notice(self, ended: OperationView) -> None:
        """This operation ends with the transaction that is open now.

        Should that be rolled back, the outcome comes again, and it is the same.
        """
        # Whoever begins to wait before the commit would read it as accepted, so all are kept.
        self._ended[ended.id] = ended

    def wake(self) -> None:
        """The transaction has been committed."""
        for ended in self._ended.values():
            for waiting in self._waiting.get(ended.id, ()):
                if not waiting.done():
                    waiting.set_result(ended)
        self._ended.clear()

    async def wait(self, operation_id: UUID, *, at_most_s: float) -> OperationView:
        """The operation when it has ended, or as it is when the time is up."""
        waiting: asyncio.Future[OperationView] = asyncio.get_running_loop().create_future()
        self._waiting[operation_id].add(waiting)
        clock = asyncio.get_running_loop().time
        deadline = clock() + at_most_s
        try:
            while True:
                operation = await self._reads.operation(operation_id, None)
                left = deadline - clock()
                if operation.state != "accepted" or left <= 0:
                    return operation
                await asyncio.wait({waiting}, timeout=min(left, POLL_S))
                if waiting.done():
                    return waiting.result()
        finally:
            self._waiting[operation_id].discard(waiting)
            if not self._waiting[operation_id]:
                del self._waiting[operation_id]
