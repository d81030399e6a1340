"""What a message is inside Kafka's record batch v2: all that follows a record's offset delta.

That is the key, the value and the headers, each after its length. It doesn't say where in a batch
the record stands, so it can be made once, kept in a store and sent as often as need be.

Source: https://kafka.apache.org/documentation/#recordbatch
"""

from collections.abc import Iterable
from typing import Final, TypeAlias

Header: TypeAlias = tuple[str, bytes | None]

_NOTHING: Final = b"\x01"
"""The length of what isn't there: -1."""


def varint(number: int) -> bytes:
    """A number of zero or more as Kafka writes it: zigzag, seven bits a byte, the lowest first."""
    return _VARINTS[number] if number < _READY else _written(number)


def sized(content: bytes) -> bytes:
    """The content after its length."""
    return varint(len(content)) + content


def header(name: str, text: str) -> bytes:
    """One header."""
    return sized(name.encode()) + sized(text.encode())


def record_of(key: bytes | None, value: bytes | None, headers: Iterable[Header]) -> bytes:
    """The record with these contents."""
    fields = [_optional(key), _optional(value)]
    pairs = list(headers)
    fields.append(varint(len(pairs)))
    for name, content in pairs:
        fields += (sized(name.encode()), _optional(content))
    return b"".join(fields)


def key_of(record: bytes) -> bytes | None:
    """The key of a record."""
    size = record[0]
    if size > 0x7F or size & 1:
        return _field(record, 0)[0]
    return record[1 : 1 + (size >> 1)]


def contents_of(record: bytes) -> tuple[bytes | None, bytes | None, list[Header]]:
    """The key, the value and the headers of a record."""
    key, place = _field(record, 0)
    value, place = _field(record, place)
    count, place = _number(record, place)
    headers: list[Header] = []
    for _ in range(count):
        name, place = _field(record, place)
        content, place = _field(record, place)
        headers.append(((name or b"").decode(), content))
    return key, value, headers


def _optional(content: bytes | None) -> bytes:
    return _NOTHING if content is None else sized(content)


def _field(record: bytes, place: int) -> tuple[bytes | None, int]:
    """The content whose length stands there, and where it ends."""
    size, start = _number(record, place)
    return (None, start) if size < 0 else (record[start : start + size], start + size)


def _number(record: bytes, place: int) -> tuple[int, int]:
    """The number that stands there, and where it ends."""
    zigzag = shift = 0
    while (byte := record[place]) > 0x7F:
        zigzag |= (byte & 0x7F) << shift
        shift += 7
        place += 1
    zigzag |= byte << shift
    return zigzag >> 1 ^ -(zigzag & 1), place + 1


def _written(number: int) -> bytes:
    zigzag = number << 1
    content = bytearray()
    while zigzag > 0x7F:
        content.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    content.append(zigzag)
    return bytes(content)


_READY: Final = 8_192
_VARINTS: Final = tuple(_written(number) for number in range(_READY))
"""All of one byte or two, which are nearly all there are: looked up in a tenth of the time."""
