from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from contracts.ids import derived_id
from contracts.ledger import ExpireHold
from ledger.adapters.tables import delivery, holds
from messaging.envelope import Envelope, Outgoing
from storage.database import Database
from storage.posting import post

SOURCE: Final = "ledger"


class SqlDueHolds:
    """See ledger.application.ports.DueHolds. `wake` is called when something has been posted."""

    def __init__(self, db: Database, wake: Callable[[], None]) -> None:
        self._db = db
        self._wake = wake

    async def due(self, now: datetime, limit: int) -> list[tuple[str, UUID]]:
        """See ledger.application.ports.DueHolds."""
        # As the index has it: holds without an end, and those that have ended, aren't in there.
        query = (
            select(holds.c.book, holds.c.id)
            .where(holds.c.status == "held", holds.c.expires_at.is_not(None))
            .where(holds.c.expires_at <= now)
            .order_by(holds.c.expires_at)
            .limit(limit)
        )
        async with self._db.read() as connection:
            return [(row.book, row.id) for row in await connection.execute(query)]

    async def expire(self, due: list[tuple[str, UUID]], minute: int) -> None:
        """See ledger.application.ports.DueHolds."""
        messages = [_message(book, hold_id, minute) for book, hold_id in due]
        async with self._db.write() as connection:
            await post(self._db, connection, delivery, messages)
        self._wake()


def _message(book: str, hold_id: UUID, minute: int) -> Outgoing:
    command = ExpireHold(book=book, hold_id=hold_id)
    id_ = derived_id("expire", hold_id, minute)
    envelope = Envelope(
        id=id_,
        type=command.type,
        source=SOURCE,
        subject=command.aggregate_id,
        correlation_id=id_,
    )
    return Outgoing(
        topic=command.topic.name,
        key=command.aggregate_id,
        value=command.model_dump_json(),
        headers=envelope.headers(),
    )
