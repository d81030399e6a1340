"""Copies of another service's aggregates, kept from its events, one version after the other."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, Protocol, TypeVar

from contracts.contract import Event
from messaging.metrics import GAPS
from messaging.outages import DependencyAway
from messaging.work import Handlers, Work

W = TypeVar("W", bound=Work)
W_contra = TypeVar("W_contra", bound=Work, contravariant=True)


class Gap(DependencyAway):
    """An event is missing before this one, and the owner has not been heard yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """An aggregate as its owner has it. `state` None: it is gone, whatever its version was."""

    aggregate_id: str
    version: int
    state: Any


class AskOwner(Protocol):
    """Reads an aggregate from its owner."""

    async def __call__(self, aggregate_id: str, /, *, at_least: int) -> Snapshot:
        """The aggregate at that version or a later one, or that it is gone.

        Takes a bounded time, and raises when it can't.
        """


class Copies(Protocol[W_contra]):
    """Where the copies are kept, in the consumer's own store, in the unit of work of the event."""

    async def version(self, aggregate_id: str, work: W_contra) -> int:
        """The version of the copy; 0: there is none."""

    async def apply(self, event: Any, version: int, work: W_contra) -> None:
        """The event has led from the copy's version to the next one, which is `version`."""

    async def replace(self, snapshot: Snapshot, work: W_contra) -> None:
        """The copy is what the snapshot says, at its version."""


ASK_WITHIN_S: Final = 1.0
"""How long a transaction waits for the owner, before it is given up and tried again later."""


class Projection(Generic[W]):
    """Handles the events of which copies are made.

    Each version of an aggregate is applied once and in order; what is older than the copy is left
    alone. When a version is missing, the owner is asked and the copy goes on from what it answers.
    Until it has answered, the partition stops.
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
        if sequence > known + 1:
            answer = await self._heard(event.aggregate_id, at_least=sequence, known=known)
            await self._copies.replace(answer, work)
            return
        # Only now is an answer surely in the store: what used it may have been rolled back.
        self._asked.pop(event.aggregate_id, None)
        if sequence == known + 1:
            await self._copies.apply(event, sequence, work)

    async def _heard(self, aggregate_id: str, *, at_least: int, known: int) -> Snapshot:
        """What the owner answers. Raises Gap when it doesn't within ASK_WITHIN_S."""
        asked = self._asked.get(aggregate_id)
        if asked is None:
            GAPS.inc()
            asked = asyncio.ensure_future(self._ask_owner(aggregate_id, at_least=at_least))
            self._asked[aggregate_id] = asked
        await asyncio.wait([asked], timeout=ASK_WITHIN_S)
        if not asked.done():
            raise Gap(f"{aggregate_id} is known at {known}, and here comes {at_least}")
        try:
            return _usable(asked.result(), at_least)
        except Exception as error:
            self._asked.pop(aggregate_id, None)
            raise Gap(f"{aggregate_id} is known at {known}, not at {at_least}") from error


def _usable(answer: Snapshot, at_least: int) -> Snapshot:
    if answer.state is None:
        return replace(answer, version=max(answer.version, at_least))
    if answer.version < at_least:
        raise ValueError(f"the owner is still at version {answer.version}")
    return answer
