"""Dead letters that have been kept: to be read, tried again, or put aside by an operator."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeAlias
from uuid import UUID

from messaging.envelope import Outgoing
from messaging.store import DeadLetter

LetterState: TypeAlias = Literal["open", "redriven", "discarded"]


class LetterRefused(Exception):
    """That can't be done with this letter; the message is a sentence that says why."""


class LetterUnknown(Exception):
    """There is no letter with that id."""

    def __init__(self, id: int) -> None:
        super().__init__(f"there is no dead letter {id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLetter:
    """A dead letter in its store, and what an operator has done about it."""

    id: int
    letter: DeadLetter
    created_at: datetime
    redriven_at: datetime | None = None
    discarded_at: datetime | None = None

    @property
    def state(self) -> LetterState:
        """Open, until an operator has done something."""
        if self.discarded_at:
            return "discarded"
        return "redriven" if self.redriven_at else "open"

    def header(self, name: str) -> str | None:
        """A header as text, if it is there and is text."""
        try:
            return (dict(self.letter.headers)[name] or b"").decode()
        except (KeyError, UnicodeDecodeError):
            return None

    @property
    def message_id(self) -> UUID | None:
        """The id of the message, if it has one."""
        try:
            return UUID(self.header("ce_id") or "")
        except ValueError:
            return None

    def again(self) -> Outgoing:
        """The record as it came, to be published once more; by key, for partitions may have moved.

        Raises LetterRefused when it has been discarded, or isn't text: then it could never have
        been one of our messages, and the outbox, which holds text, would have to change it.
        """
        if self.discarded_at:
            raise LetterRefused(f"dead letter {self.id} has been discarded")
        letter = self.letter
        try:
            return Outgoing(
                topic=letter.topic,
                key=(letter.key or b"").decode(),
                value=(letter.value or b"").decode(),
                headers={name: (value or b"").decode() for name, value in letter.headers},
            )
        except UnicodeDecodeError:
            raise LetterRefused(
                f"dead letter {self.id} isn't UTF-8 text, so it can't be published as it came"
            ) from None


class DeadLetters(Protocol):
    """The dead letters of one service."""

    async def count(self) -> int:
        """How many are open."""

    async def ids(self) -> Sequence[int]:
        """The open ones, oldest first."""

    async def newest(self, limit: int, *, everything: bool = False) -> Sequence[KeptLetter]:
        """The open ones, or with `everything` all of them, newest first."""

    async def get(self, id: int) -> KeptLetter:
        """One letter. Raises LetterUnknown."""

    async def redrive(self, id: int) -> KeptLetter:
        """Forget that the message has failed and publish it again, in one transaction.

        A message that has succeeded meanwhile is still known and gets its outcome repeated.
        Raises LetterUnknown and LetterRefused, with nothing changed.
        """

    async def discard(self, id: int) -> None:
        """Put an open letter aside; it is kept for the record.

        Raises LetterUnknown, and LetterRefused when something has been done about it before.
        """
