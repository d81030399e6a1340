"""Dead letters: whole in the store, readable on their topic."""

from base64 import b64decode, b64encode
from datetime import datetime
from typing import Any, Final

from messaging.dead_letters import KeptLetter
from messaging.envelope import Outgoing
from messaging.store import DeadLetter

PUBLISHED_BYTES: Final = 100_000
"""What is readable of a value on the topic: a broker takes no record of more than a megabyte."""

PUBLISHED_HEADERS_BYTES: Final = 20_000
"""Headers beyond this are left out there; in the store they are whole."""


def letter_row(letter: DeadLetter, now: datetime) -> dict[str, Any]:
    """A letter as a row; headers in base64, for a header may be anything."""
    return {
        "consumer": letter.consumer,
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "key": letter.key,
        "value": letter.value,
        "headers": [
            [name, None if value is None else b64encode(value).decode()]
            for name, value in letter.headers
        ],
        "error": _storable(letter.error),
        "attempts": letter.attempts,
        "created_at": now,
    }


def kept_letter(row: Any) -> KeptLetter:
    """The reverse of `letter_row`."""
    letter = DeadLetter(
        consumer=row.consumer,
        topic=row.topic,
        partition=row.partition,
        offset=row.offset,
        key=row.key,
        value=row.value,
        headers=[
            (name, None if value is None else b64decode(value)) for name, value in row.headers
        ],
        error=row.error,
        attempts=row.attempts,
    )
    return KeptLetter(
        id=row.id,
        letter=letter,
        created_at=row.created_at,
        redriven_at=row.redriven_at,
        discarded_at=row.discarded_at,
    )


def published(letter: DeadLetter) -> Outgoing:
    """A letter as a message; what isn't text is left out or replaced."""
    readable: dict[str, str] = {}
    size = 0
    for name, value in letter.headers:
        size += len(name) + len(value or b"")
        if value is not None and value.isascii() and size <= PUBLISHED_HEADERS_BYTES:
            readable[name] = value.decode()
    return Outgoing(
        topic=f"{letter.topic}.dead",
        key=_readable(letter.key),
        value=_readable(letter.value),
        headers=readable
        | {
            "dead-consumer": letter.consumer,
            "dead-partition": str(letter.partition),
            "dead-offset": str(letter.offset),
            "dead-attempts": str(letter.attempts),
            "dead-error": _storable(letter.error)[:500],
        },
    )


def _storable(text: str) -> str:
    """PostgreSQL takes no NUL, and an error may quote one."""
    return text.replace("\0", "\\0")


def _readable(content: bytes | None) -> str:
    """Each bad byte becomes three, so what is left is cut once more."""
    text = (content or b"")[:PUBLISHED_BYTES].decode(errors="replace")
    return text.encode()[:PUBLISHED_BYTES].decode(errors="ignore")
