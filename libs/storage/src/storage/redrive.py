"""What an operator does with the dead letters of a SQL store."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from messaging.dead_letters import KeptLetter, LetterRefused, LetterUnknown
from storage.codec import settlement_from
from storage.database import Database
from storage.dead_letters import kept_letter
from storage.posting import post
from storage.tables import DeliveryTables


class SqlDeadLetters:
    """See messaging.dead_letters.DeadLetters."""

    def __init__(self, db: Database, tables: DeliveryTables) -> None:
        self._db = db
        self._tables = tables
        self._letters = tables.dead_letters

    @property
    def _is_open(self) -> ColumnElement[bool]:
        return self._letters.c.redriven_at.is_(None) & self._letters.c.discarded_at.is_(None)

    async def count(self) -> int:
        """See messaging.dead_letters.DeadLetters."""
        query = select(func.count()).select_from(self._letters).where(self._is_open)
        async with self._db.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def ids(self) -> Sequence[int]:
        """See messaging.dead_letters.DeadLetters."""
        query = select(self._letters.c.id).where(self._is_open).order_by(self._letters.c.id)
        async with self._db.read() as connection:
            return (await connection.execute(query)).scalars().all()

    async def newest(self, limit: int, *, everything: bool = False) -> Sequence[KeptLetter]:
        """See messaging.dead_letters.DeadLetters."""
        query = select(self._letters).order_by(self._letters.c.id.desc()).limit(limit)
        async with self._db.read() as connection:
            rows = await connection.execute(query if everything else query.where(self._is_open))
            return [kept_letter(row) for row in rows]

    async def get(self, id: int) -> KeptLetter:
        """See messaging.dead_letters.DeadLetters."""
        async with self._db.read() as connection:
            return await self._find(connection, id)

    async def redrive(self, id: int) -> KeptLetter:
        """See messaging.dead_letters.DeadLetters."""
        async with self._db.write() as connection:
            kept = await self._find(connection, id, lock=True)
            message = kept.again()
            await self._forget_failure(connection, kept)
            await post(self._db, connection, self._tables, [message])
            await self._mark(connection, id, redriven_at=datetime.now(UTC))
            return kept

    async def discard(self, id: int) -> None:
        """See messaging.dead_letters.DeadLetters."""
        async with self._db.write() as connection:
            kept = await self._find(connection, id, lock=True)
            if kept.state != "open":
                raise LetterRefused(f"dead letter {id} has been {kept.state} before")
            await self._mark(connection, id, discarded_at=datetime.now(UTC))

    async def _find(
        self, connection: AsyncConnection, id: int, *, lock: bool = False
    ) -> KeptLetter:
        query = select(self._letters).where(self._letters.c.id == id)
        rows = await connection.execute(query.with_for_update() if lock else query)
        row = rows.one_or_none()
        if row is None:
            raise LetterUnknown(id)
        return kept_letter(row)

    async def _forget_failure(self, connection: AsyncConnection, kept: KeptLetter) -> None:
        inbox = self._tables.inbox
        mine = (inbox.c.consumer == kept.letter.consumer) & (inbox.c.message_id == kept.message_id)
        query = select(inbox.c.settlement).where(mine).with_for_update()
        settlement = settlement_from((await connection.execute(query)).scalar_one_or_none())
        if settlement is not None and settlement.state == "failed":
            await connection.execute(delete(inbox).where(mine))

    async def _mark(self, connection: AsyncConnection, id: int, **values: datetime) -> None:
        await connection.execute(
            update(self._letters).where(self._letters.c.id == id).values(**values)
        )
