"""An outbox in memory: what messaging.store.Outbox promises, with nothing behind it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from contracts.topics import Topic
from messaging.envelope import Outgoing
from messaging.store import LogEnd, LogEnds, Parcel


class MemoryOutbox:
    """See messaging.store.Outbox. `leader` is who has the lease; None: whoever asks.

    `bids` counts how often somebody asked for it.
    """

    def __init__(self) -> None:
        self.parcels: dict[int, Parcel] = {}
        self.sent: set[int] = set()
        self.ends: dict[tuple[str, int], LogEnd] = {}
        self.made: dict[int, datetime] = {}
        self.leader: str | None = None
        self.bids = 0
        self.purged_before: datetime | None = None

    def put(self, topic: Topic, *messages: tuple[str, str], partition: int | None = None) -> None:
        """One parcel of messages, each a key and a value."""
        id_ = len(self.parcels) + 1
        outgoing = [
            Outgoing(
                topic=topic.name,
                key=key,
                value=value,
                headers={"ce_id": uuid4().hex},
                partition=partition,
            )
            for key, value in messages
        ]
        self.parcels[id_] = Parcel(id=id_, messages=outgoing)
        self.made[id_] = datetime.now(UTC)

    @property
    def is_empty(self) -> bool:
        return self.sent == set(self.parcels)

    async def unsent(self, limit: int) -> list[Parcel]:
        waiting = [parcel for id_, parcel in self.parcels.items() if id_ not in self.sent]
        return waiting[:limit]

    async def mark_sent(self, ids: Sequence[int], log_ends: LogEnds) -> None:
        self.sent |= set(ids)
        self.ends |= log_ends

    async def log_ends(self) -> dict[tuple[str, int], LogEnd]:
        return dict(self.ends)

    async def resend(self, *, since: datetime, until: datetime | None = None) -> int:
        lost = {id_ for id_, made in self.made.items() if made >= since}
        self.sent -= lost
        self.ends.clear()
        return len(lost)

    async def purge(self, *, before: datetime) -> int:
        self.purged_before = before
        return 0

    async def lead(self, holder: str, *, lease_s: float) -> bool:
        self.bids += 1
        return self.leader is None or self.leader == holder
