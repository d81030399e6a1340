"""Messages of ours as records: headers in blocks, each encoded once for all that share it.

`messaging.envelope.Envelope.headers` says the same as a dict; a test holds both together.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, TypeAlias

from messaging.record_format import header, sized, varint

HeaderBlock: TypeAlias = tuple[int, bytes]
"""How many headers, and they themselves."""

NO_HEADERS: Final[HeaderBlock] = (0, b"")

_BEFORE_ID: Final = varint(36)
"""An id in its canonical form has that many characters, whichever it is."""

_ID: Final = sized(b"ce_id") + _BEFORE_ID
_CORRELATION: Final = (sized(b"ce_correlationid") + _BEFORE_ID).decode()
_CAUSATION: Final = (sized(b"ce_causationid") + _BEFORE_ID).decode()
_TRACE: Final = sized(b"traceparent")
_SUBJECT: Final = sized(b"ce_subject")
_ACTOR: Final = sized(b"ce_actor")


def block_of(headers: Mapping[str, str]) -> HeaderBlock:
    """Any headers."""
    return len(headers), b"".join([header(name, text) for name, text in headers.items()])


@lru_cache(maxsize=16)
def block_of_sender(source: str, time: str) -> HeaderBlock:
    """What is alike in all that one source sends at one time."""
    return block_of(
        {
            "ce_specversion": "1.0",
            "content-type": "application/json",
            "ce_source": source,
            "ce_time": time,
        }
    )


def block_of_effects(correlation_id: str, cause_id: str, traceparent: str | None) -> HeaderBlock:
    """What is alike in all that one message leads to; the ids in their canonical form."""
    ids = f"{_CORRELATION}{correlation_id}{_CAUSATION}{cause_id}".encode()
    if traceparent is None:
        return 2, ids
    trace = traceparent.encode()
    return 3, b"".join((ids, _TRACE, varint(len(trace)), trace))


def block_of_event(version: int, actor: str | None) -> HeaderBlock:
    """What an event says of itself, besides its id and its type."""
    sequence = _sequence(version)
    return (1, sequence) if actor is None else (2, sequence + _ACTOR + sized(actor.encode()))


def message_record(
    *,
    key: str,
    value: bytes,
    id: str,
    type: str,
    of_sender: HeaderBlock,
    of_effects: HeaderBlock,
    own: HeaderBlock = NO_HEADERS,
) -> bytes:
    """The record of a message; its subject is its key, its id in the canonical form."""
    subject = sized(key.encode())
    size, count = varint(len(value)), varint(3 + of_sender[0] + of_effects[0] + own[0])
    alike, chain, rest = of_sender[1], of_effects[1], own[1]
    kind, id_ = _type(type), id.encode()
    return b"".join(
        (subject, size, value, count, alike, chain, rest, _ID, id_, kind, _SUBJECT, subject)
    )


@lru_cache(maxsize=1_000)
def _sequence(version: int) -> bytes:
    return header("ce_sequence", str(version))


@lru_cache(maxsize=1_000)
def _type(type: str) -> bytes:
    return header("ce_type", type)
