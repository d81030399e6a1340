"""What an operator does with a service's store, from the command line."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from messaging.dead_letters import KeptLetter, LetterRefused, LetterUnknown
from messaging.delivery_store import DeliveryStore


class StoreCommand(Protocol):
    """Reads or changes a store and says what it has done."""

    async def run(self, delivery: DeliveryStore[Any]) -> int:
        """Returns 0, or 1 when a part of it couldn't be done."""


@dataclass(frozen=True, kw_only=True)
class ListLetters:
    """A line for each dead letter."""

    limit: int
    everything: bool

    async def run(self, delivery: DeliveryStore[Any]) -> int:
        """See StoreCommand."""
        letters = delivery.dead_letters
        shown = await letters.newest(self.limit, everything=self.everything)
        for kept in shown:
            _say(_line(kept))
        _say(f"{await letters.count()} open, {len(shown)} shown")
        return 0


@dataclass(frozen=True, kw_only=True)
class ShowLetter:
    """One letter, whole."""

    id: int

    async def run(self, delivery: DeliveryStore[Any]) -> int:
        """See StoreCommand."""
        try:
            kept = await delivery.dead_letters.get(self.id)
        except LetterUnknown as error:
            return _complain(str(error))
        for line in _description(kept):
            _say(line)
        return 0


@dataclass(frozen=True, kw_only=True)
class Redrive:
    """Publishes letters again; without `ids` all that are open."""

    ids: Sequence[int] | None

    async def run(self, delivery: DeliveryStore[Any]) -> int:
        """See StoreCommand."""
        letters = delivery.dead_letters
        status, has_answered = 0, False
        for id in await letters.ids() if self.ids is None else self.ids:
            try:
                kept = await letters.redrive(id)
            except (LetterUnknown, LetterRefused) as error:
                status = _complain(str(error))
            else:
                _say(f"dead letter {id} is published again: {_type_of(kept)}")
                has_answered |= kept.header("ce_replyto") is not None
        if has_answered:
            _say(
                "Whoever asked has been told that these commands failed: an operation of the API"
                " keeps that outcome, even when its command succeeds now."
            )
        return status


@dataclass(frozen=True, kw_only=True)
class Discard:
    """Puts letters aside."""

    ids: Sequence[int]

    async def run(self, delivery: DeliveryStore[Any]) -> int:
        """See StoreCommand."""
        letters, status = delivery.dead_letters, 0
        for id in self.ids:
            try:
                await letters.discard(id)
            except (LetterUnknown, LetterRefused) as error:
                status = _complain(str(error))
            else:
                _say(f"dead letter {id} is discarded")
        return status


@dataclass(frozen=True, kw_only=True)
class Replay:
    """Publishes again what was committed in a time, to one `topic` or to all."""

    since: datetime
    until: datetime
    topic: str | None

    async def run(self, delivery: DeliveryStore[Any]) -> int:
        """See StoreCommand."""
        # What is published again is committed again, and must not be found once more.
        until = min(self.until, datetime.now(UTC))
        if self.topic is None:
            count = await delivery.outbox.resend(since=self.since, until=until)
            _say(f"{count} outbox rows are on their way again; a row is one transaction's messages")
        else:
            count = await delivery.replay(self.topic, since=self.since, until=until)
            _say(f"{count} messages to {self.topic} are on their way again")
        return 0


def _line(kept: KeptLetter) -> str:
    letter = kept.letter
    place = f"{letter.topic}[{letter.partition}]@{letter.offset}"
    error = _printable(letter.error).replace("\n", " ")[:120]
    return (
        f"{kept.id:>6}  {kept.created_at:%Y-%m-%dT%H:%M:%SZ}  {kept.state}  {place}"
        f"  {_type_of(kept)}  {letter.attempts}x  {error}"
    )


def _description(kept: KeptLetter) -> list[str]:
    letter = kept.letter
    headers = [f"  {name}: {_text(value)}" for name, value in letter.headers]
    return [
        f"dead letter {kept.id}, {kept.state}, of {kept.created_at:%Y-%m-%dT%H:%M:%SZ}",
        f"consumer   {letter.consumer}",
        f"topic      {letter.topic}",
        "place      durable inbox"
        if letter.partition < 0
        else f"place      partition {letter.partition}, offset {letter.offset}",
        f"attempts   {letter.attempts}",
        f"error      {_printable(letter.error)}",
        f"key        {_text(letter.key)}",
        "headers",
        *headers,
        "value",
        _text(letter.value),
    ]


def _type_of(kept: KeptLetter) -> str:
    return _printable(kept.header("ce_type") or "unreadable")


def _text(value: bytes | None) -> str:
    return "" if value is None else _printable(value.decode(errors="backslashreplace"))


def _printable(text: str) -> str:
    """A stranger's record could otherwise steer the operator's terminal."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _complain(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 1
