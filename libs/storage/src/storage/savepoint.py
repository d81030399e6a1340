"""The savepoint of a transaction that handles many messages, each of which may fail alone.

One savepoint under one name is moved along from unit to unit. A savepoint of its own for each unit,
as `begin_nested` makes it, has a new name and so a new statement each time, which PostgreSQL's
driver prepares first: four to six trips to the server per message instead of one. The first unit
needs none: what is before it is the beginning.
"""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, driver_of

_SET: Final = "SAVEPOINT unit"
_RELEASE: Final = "RELEASE SAVEPOINT unit"
_UNDO: Final = "ROLLBACK TO SAVEPOINT unit"


class Savepoint:
    """The one savepoint of the transaction on `connection`.

    Its methods raise what the driver raises; `storage.database.is_transient` knows it.
    """

    def __init__(self, db: Database, connection: AsyncConnection) -> None:
        self._db = db
        self._connection = connection
        self._has_written = False
        self._is_set = False

    def wrote(self) -> None:
        """Something that must stay has been written."""
        self._has_written = True

    async def move_here(self) -> None:
        """What was written before stays, when what follows is undone."""
        if self._is_set:
            await self._execute(_RELEASE, _SET)
        elif self._has_written:
            await self._execute(_SET)
            self._is_set = True

    async def undo(self) -> None:
        """Undo what was written since the last move."""
        if self._is_set:
            await self._execute(_UNDO)
        else:
            await self._execute("ROLLBACK", "BEGIN IMMEDIATE" if self._db.is_sqlite else "BEGIN")

    async def _execute(self, *statements: str) -> None:
        if self._db.is_sqlite:
            for statement in statements:
                await self._connection.exec_driver_sql(statement)
        else:
            await (await driver_of(self._connection)).execute("; ".join(statements))
