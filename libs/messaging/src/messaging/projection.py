"""Copies of another service's aggregates, kept from its events, one version after the other."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from contracts.contract import Event
from messaging.metrics import GAPS
from messaging.outages import DependencyAway
from messaging.work import Handlers, Work

log = logging.getLogger(__name__)

W = TypeVar("W", bound=Work)
W_contra = TypeVar("W_contra", bound=Work, contravariant=True)


class Gap(DependencyAway):
    """An event is missing before this one, and the owner has not been heard yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """An aggregate as its owner has it. `state` None: it is gone."""

    aggregate_id: str
    version: int
    state: Any


AskOwner = Callable[[str], Awaitable[Snapshot]]
"""Reads an aggregate by its id from its owner. Takes a bounded time; raises when it can't."""


class Copies(Protocol[W_contra]):
    """Where the copies are kept, in the consumer's own store, in the unit of work of the event."""

    async def version(self, aggregate_id: str, work: W_contra) -> int:
        """The version of the copy; 0: there is none."""

    async def apply(self, event: Any, version: int, work: W_contra) -> None:
        """The event has led from the copy's version to the next one, which is `version`."""

    async def replace(self, snapshot: Snapshot, work: W_contra) -> None:
        """The copy is what the snapshot says, at its version."""


class Projection(Generic[W]):
    """Handles the events of which copies are made.

    Each version of an aggregate is applied once and in order; what is older than the copy is left
    alone. When a version is missing, the partition stops and the owner is asked, outside of any
    transaction; the copy goes on from what it answers.
    """

    def __init__(self, copies: Copies[W], ask_owner: AskOwner) -> None:
        self._copies = copies
        self._ask_owner = ask_owner
        self._asked: dict[str, asyncio.Task[Snapshot]] = {}

    def handlers(self, *events: type[Event]) -> Handlers:
        """The handler of each kind of event."""
        return dict.fromkeys(events, self._take)

    async def _take(self, event: Event, work: W) -> None:
        sequence = work.cause.sequence
        if sequence is None:
            raise ValueError(f"{event.type} has no sequence")
        known = await self._copies.version(event.aggregate_id, work)
        if sequence == known + 1:
            await self._copies.apply(event, sequence, work)
        elif sequence > known:
            snapshot = self._heard(event.aggregate_id, at_least=sequence, known=known)
            await self._copies.replace(snapshot, work)

    def _heard(self, aggregate_id: str, *, at_least: int, known: int) -> Snapshot:
        """What the owner has answered. Raises Gap until it has."""
        asked = self._asked.get(aggregate_id)
        if asked and asked.done():
            del self._asked[aggregate_id]
            if not (error := asked.exception()):
                if asked.result().version >= at_least:
                    return asked.result()
                error = ValueError(f"the owner is still at version {asked.result().version}")
            log.warning("the owner of %s doesn't help: %r", aggregate_id, error)
        if aggregate_id not in self._asked:
            GAPS.inc()
            asking = asyncio.ensure_future(self._ask_owner(aggregate_id))
            self._asked[aggregate_id] = asking
        raise Gap(f"{aggregate_id} is known at {known}, and here comes {at_least}")
