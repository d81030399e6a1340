"""What a transaction leaves behind for delivery: written together, just before the commit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, insert
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from messaging.envelope import Outgoing
from messaging.work import Request
from storage.codec import pack, parcels
from storage.database import Database, driver_of
from storage.notify import OUTBOX_CHANNEL
from storage.tables import DeliveryTables

_ENTRY: Final = {
    "consumer": "text",
    "message_id": "uuid",
    "message_type": "text",
    "fingerprint": "text",
    "correlation_id": "uuid",
    "traceparent": "text",
    "reply_topic": "text",
    "reply_partition": "int",
    "settlement": "text",
}
_LISTS: Final = ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(_ENTRY.values(), start=9))

# Four statements in one, for each would be a trip to the server of its own.
_ON_POSTGRES: Final = f"""
WITH received AS (
    INSERT INTO inbox (received_at, {", ".join(_ENTRY)})
    SELECT $1, entry.* FROM unnest({_LISTS}) AS entry
), asked AS (
    INSERT INTO requests (command_id, message, asked, ask_again_at)
    SELECT request.id, request.message, 1, $2
    FROM unnest($3::uuid[], $4::text[]) AS request (id, message)
    ON CONFLICT DO NOTHING
), answered AS (
    DELETE FROM requests WHERE command_id = ANY ($5::uuid[])
)
INSERT INTO outbox (messages, created_at)
SELECT parcel.messages, $1
FROM unnest($6::bytea[]) WITH ORDINALITY AS parcel (messages, position)
ORDER BY parcel.position
RETURNING id, pg_notify($7, $8)
"""  # noqa: S608


@dataclass(frozen=True, kw_only=True)
class Flush:
    """New inbox entries as rows, requests that are due again at `ask_again_at`, and messages."""

    now: datetime
    entries: Sequence[Mapping[str, Any]]
    requests: Sequence[Request]
    ask_again_at: datetime
    answered: Sequence[UUID]
    messages: Sequence[Outgoing]

    async def write(
        self, db: Database, connection: AsyncConnection, tables: DeliveryTables
    ) -> list[int]:
        """Returns the ids of the outbox's new rows, where the database tells.

        Raises what the driver raises, also when an entry is in the inbox already.
        """
        if not (self.entries or self.requests or self.answered or self.messages):
            return []
        if db.is_sqlite:
            await self._write_on_sqlite(connection, tables)
            return []
        return await self._write_on_postgres(db, connection)

    async def _write_on_postgres(self, db: Database, connection: AsyncConnection) -> list[int]:
        # A statement doesn't see what it writes itself: who is answered already is not asked.
        answered = set(self.answered)
        requests = [request for request in self.requests if request.command_id not in answered]
        rows = await (await driver_of(connection)).fetch(
            _ON_POSTGRES,
            *(self.now, self.ask_again_at),
            [request.command_id for request in requests],
            [pack([request.message]) for request in requests],
            self.answered,
            parcels(self.messages),
            *(OUTBOX_CHANNEL, db.instance),
            *([entry[name] for entry in self.entries] for name in _ENTRY),
        )
        return sorted(row["id"] for row in rows)

    async def _write_on_sqlite(self, connection: AsyncConnection, tables: DeliveryTables) -> None:
        if self.entries:
            await connection.execute(insert(tables.inbox), list(self.entries))
        if self.requests:
            ask = sqlite.insert(tables.requests).on_conflict_do_nothing()
            await connection.execute(ask, [self._row_of(request) for request in self.requests])
        if self.answered:
            known = tables.requests.c.command_id.in_(self.answered)
            await connection.execute(delete(tables.requests).where(known))
        if self.messages:
            rows = [{"messages": row, "created_at": self.now} for row in parcels(self.messages)]
            await connection.execute(insert(tables.outbox), rows)

    def _row_of(self, request: Request) -> dict[str, Any]:
        return {
            "command_id": request.command_id,
            "message": pack([request.message]),
            "asked": 1,
            "ask_again_at": self.ask_again_at,
        }
