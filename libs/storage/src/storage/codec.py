"""Messages as rows of the outbox: one row holds what one transaction has to say."""

import json
from collections.abc import Iterator, Sequence
from struct import Struct
from typing import Any, Final

from backports import zstd
from pydantic_core import from_json, to_json

from contracts.problems import Problem
from messaging.envelope import Outgoing
from messaging.work import Settlement, json_text

PARCEL_SIZE: Final = 200
"""Messages of one transaction share outbox rows of this many."""

WORTH_COMPRESSING: Final = 4_000
"""In bytes. A database would compress a large row by itself, in ten times as long."""

_LEVEL: Final = 1
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
"""How a frame begins (RFC 8878); JSON doesn't."""

_RECORDS: Final = b"\x01"
"""How a row of records begins: neither JSON nor a frame does."""

_HEAD: Final = Struct("<HiI")
"""Length of the topic's name, which follows; partition; length of the record, which is last."""

_BY_KEY: Final = -1


def pack(messages: Sequence[Outgoing]) -> str:
    """Messages to JSON text, in order."""
    members = [_members(message) for message in messages]
    text = to_json(members).decode()
    # Escaping takes longer, and most messages need none.
    return text if text.isascii() else to_json(members, ensure_ascii=True).decode()


def in_parcels(messages: Sequence[Outgoing]) -> list[Sequence[Outgoing]]:
    """The messages of one transaction as they share the rows of its outbox, in order."""
    return [messages[start : start + PARCEL_SIZE] for start in range(0, len(messages), PARCEL_SIZE)]


def parcels(messages: Sequence[Outgoing]) -> list[bytes]:
    """The same as what is in the rows."""
    return [parcel(some) for some in in_parcels(messages)]


def parcel(messages: Sequence[Outgoing]) -> bytes:
    """One row: the messages' records, or zstd of them."""
    parts = [_RECORDS]
    for message in messages:
        topic, partition, record = message.topic.encode(), message.partition, message.record
        place = _BY_KEY if partition is None else partition
        parts += (_HEAD.pack(len(topic), place, len(record)), topic, record)
    content = b"".join(parts)
    is_large = len(content) > WORTH_COMPRESSING
    return zstd.compress(content, level=_LEVEL) if is_large else content


def unpack(packed: str | bytes) -> list[Outgoing]:
    """The reverse of `pack`, and of `parcel`; rows of earlier versions are JSON, too."""
    if isinstance(packed, bytes) and packed.startswith(_ZSTD):
        packed = zstd.decompress(packed)
    if isinstance(packed, bytes) and packed.startswith(_RECORDS):
        return list(_records(packed))
    return [Outgoing(**message) for message in from_json(packed)]


def settlement_text(settlement: Settlement | None) -> str | None:
    """A settlement to JSON text."""
    if settlement is None:
        return None
    problem = settlement.problem
    content = (
        f'"problem":{"null" if problem is None else to_json(problem, ensure_ascii=True).decode()}'
    )
    return f'{{"state":"{settlement.state}","result":{json_text(settlement.result)},{content}}}'


def settlement_from(text: str | None) -> Settlement | None:
    """The reverse of `settlement_text`."""
    if text is None:
        return None
    content = json.loads(text)
    problem = content["problem"]
    return Settlement(
        state=content["state"],
        result=content["result"],
        problem=None if problem is None else Problem.model_validate(problem),
    )


def _records(content: bytes) -> Iterator[Outgoing]:
    end = len(_RECORDS)
    while end < len(content):
        topic_bytes, partition, record_bytes = _HEAD.unpack_from(content, end)
        start = end + _HEAD.size + topic_bytes
        topic = content[start - topic_bytes : start].decode()
        end = start + record_bytes
        yield Outgoing.encoded(
            topic, content[start:end], None if partition == _BY_KEY else partition
        )


def _members(message: Outgoing) -> dict[str, Any]:
    return {
        "topic": message.topic,
        "key": message.key,
        "value": message.value,
        "headers": message.headers,
        "partition": message.partition,
    }
