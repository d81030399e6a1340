"""Wakes the loops of other processes on one PostgreSQL database, without their polling.

Source: https://www.postgresql.org/docs/18/sql-notify.html (delivered at commit, never lost before
it, to whoever listens at that moment; hence the slow poll behind it).
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from asyncpg import InterfaceError, PostgresError
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from messaging.pauses import pauses_s
from messaging.signal import Signal
from storage.database import Database

log = logging.getLogger(__name__)

OUTBOX_CHANNEL: Final = "frontdesk_outbox"
JOBS_CHANNEL: Final = "frontdesk_jobs"

_AWAY: Final = (OSError, SQLAlchemyError, PostgresError, InterfaceError)


async def notify(db: Database, connection: AsyncConnection, channel: str) -> None:
    """Call `channel` when the transaction on `connection` commits. SQLite has nobody to call."""
    if not db.is_sqlite:
        await connection.execute(select(call(db, channel)))


def call(db: Database, channel: str) -> ColumnElement[Any]:
    """The call as part of a statement on PostgreSQL. Of several in a transaction one is heard."""
    return func.pg_notify(channel, db.instance)


@dataclass(kw_only=True)
class Listener:
    """Sets a channel's signal when another instance has called it.

    What is called while the connection is away is made up for: each new one sets every signal.
    A connection that says nothing for `check_s` is tried, for a cut line makes no sound.
    """

    db: Database
    signals: Mapping[str, Signal]
    check_s: float = 15.0
    first_pause_s: float = 0.1

    async def run(self) -> None:
        """Until cancelled. While the store is away, connects again with growing pauses."""
        pauses = pauses_s(first_s=self.first_pause_s)
        while True:
            try:
                async with self.db.listening() as connection:
                    await self._listen(connection)
                    pauses = pauses_s(first_s=self.first_pause_s)
                    await self._stay(connection)
            except _AWAY as error:
                pause = next(pauses)
                log.warning("nothing is heard from the store for %.1f s: %r", pause, error)
                await asyncio.sleep(pause)

    async def _listen(self, connection: Any) -> None:
        for channel, signal in self.signals.items():
            await connection.add_listener(channel, self._hear)
            signal.set()

    async def _stay(self, connection: Any) -> None:
        """Until the connection is lost; then raises ConnectionError or what a query raises."""
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _connection: lost.set())
        while not connection.is_closed():
            try:
                async with asyncio.timeout(self.check_s):
                    await lost.wait()
            except TimeoutError:
                await connection.execute("SELECT 1")
        raise ConnectionError("the connection is closed")

    def _hear(self, _connection: Any, _pid: int, channel: str, instance: str) -> None:
        if instance != self.db.instance:
            self.signals[channel].set()
