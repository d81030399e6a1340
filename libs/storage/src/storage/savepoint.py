"""The savepoint of a transaction that handles many messages, each of which may fail alone.

One savepoint under one name is moved along from unit to unit. A savepoint of its own for each unit,
as `begin_nested` makes it, has a new name and so a new statement each time, which PostgreSQL's
driver prepares first: four to six trips to the server per message instead of one.
"""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database

_SET: Final = "SAVEPOINT unit"
_RELEASE: Final = "RELEASE SAVEPOINT unit"
_UNDO: Final = "ROLLBACK TO SAVEPOINT unit"


class Savepoint:
    """The one savepoint of the transaction on `connection`.

    Its methods raise what the driver raises; `storage.database.is_transient` knows it.
    """

    def __init__(self, db: Database, connection: AsyncConnection) -> None:
        self._connection = connection
        self._is_sqlite = db.is_sqlite
        self._is_set = False

    async def move_here(self) -> None:
        """What was done before stays done, when what follows is undone."""
        if not self._is_set:
            # Through SQLAlchemy, which begins the transaction with its first statement.
            await self._connection.exec_driver_sql(_SET)
        elif self._is_sqlite:
            await self._connection.exec_driver_sql(_RELEASE)
            await self._connection.exec_driver_sql(_SET)
        else:
            driver = (await self._connection.get_raw_connection()).driver_connection
            assert driver
            await driver.execute(f"{_RELEASE}; {_SET}")
        self._is_set = True

    async def undo(self) -> None:
        """Undo what was done since; the savepoint stays."""
        await self._connection.exec_driver_sql(_UNDO)
