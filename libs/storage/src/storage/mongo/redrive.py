"""What an operator does with the dead letters of a MongoDB store."""

from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Final

from messaging.dead_letters import KeptLetter, LetterRefused, LetterUnknown
from messaging.signal import Signal
from storage.codec import settlement_from
from storage.dead_letters import kept_letter
from storage.mongo.collected import entry_id
from storage.mongo.database import Document, MongoDatabase
from storage.mongo.posting import post

_OPEN: Final[Document] = {"redriven_at": None, "discarded_at": None}


class MongoDeadLetters:
    """See messaging.dead_letters.DeadLetters. `wake` is set when a letter is published again."""

    def __init__(self, database: MongoDatabase, wake: Signal) -> None:
        self._database = database
        self._letters = database["dead_letters"]
        self._wake = wake

    async def count(self) -> int:
        """See messaging.dead_letters.DeadLetters."""
        return await self._letters.count_documents(_OPEN)

    async def ids(self) -> Sequence[int]:
        """See messaging.dead_letters.DeadLetters."""
        return [row["_id"] async for row in self._letters.find(_OPEN, {"_id": 1}).sort("_id")]

    async def newest(self, limit: int, *, everything: bool = False) -> Sequence[KeptLetter]:
        """See messaging.dead_letters.DeadLetters."""
        rows = self._letters.find({} if everything else _OPEN).sort("_id", -1).limit(limit)
        return [_kept(row) async for row in rows]

    async def get(self, id: int) -> KeptLetter:
        """See messaging.dead_letters.DeadLetters."""
        row = await self._letters.find_one({"_id": id})
        if row is None:
            raise LetterUnknown(id)
        return _kept(row)

    async def redrive(self, id: int) -> KeptLetter:
        """See messaging.dead_letters.DeadLetters.

        The mark comes last: whoever is interrupted finds the letter open, and redrives it again.
        """
        kept = await self.get(id)
        message = kept.again()
        await self._forget_failure(kept)
        await post(self._database, [message])
        await self._mark({"_id": id}, redriven_at=datetime.now(UTC))
        self._wake.set()
        return kept

    async def discard(self, id: int) -> None:
        """See messaging.dead_letters.DeadLetters."""
        if not await self._mark({"_id": id, **_OPEN}, discarded_at=datetime.now(UTC)):
            kept = await self.get(id)
            raise LetterRefused(f"dead letter {id} has been {kept.state} before")

    async def _forget_failure(self, kept: KeptLetter) -> None:
        if kept.message_id is None:
            return
        inbox, mine = self._database["inbox"], entry_id(kept.letter.consumer, kept.message_id)
        entry = await inbox.find_one({"_id": mine}) or {}
        settlement = settlement_from(entry.get("settlement"))
        if settlement is not None and settlement.state == "failed":
            ended = {"_id": kept.message_id, "ended_at": {"$ne": None}}
            await self._database["jobs"].delete_one(ended)
            await inbox.delete_one({"_id": mine, "settlement": entry["settlement"]})

    async def _mark(self, letter: Document, **values: datetime) -> bool:
        return bool((await self._letters.update_one(letter, {"$set": values})).matched_count)


def _kept(row: Document) -> KeptLetter:
    fields: dict[str, Any] = {**row, "id": row["_id"]}
    return kept_letter(SimpleNamespace(**fields))
