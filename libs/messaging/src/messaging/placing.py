"""Which partition a key belongs to, the same for every Kafka client.

MurmurHash2 takes some sixty steps for an id, and longer in Python than all else that a message
needs to be sent. So the keys of a batch are hashed together: each has a lane of its own in one long
number, wide enough for a product, and one step is taken in all lanes at once.

Source: https://github.com/apache/kafka/blob/4.0/clients/src/main/java/org/apache/kafka/common/utils/Utils.java
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from struct import unpack
from typing import Final

from aiokafka.partitioner import murmur2

_SEED: Final = 0x9747B28C
_MIX: Final = 0x5BD1E995
_32_BITS: Final = 0xFFFFFFFF
_NARROWEST: Final = 8
"""In bytes: a lane has room for a product of two words."""

_MANY: Final = 2

_LONG: Final = 256
"""In bytes. Together, keys take a time that grows with the square of their length."""


def partitions_of(keys: Iterable[bytes], count: int) -> dict[bytes, int]:
    """The partition of each key, of that many."""
    by_size: defaultdict[int, list[bytes]] = defaultdict(list)
    for key in set(keys):
        by_size[len(key)].append(key)
    found: dict[bytes, int] = {}
    for size, alike in by_size.items():
        is_worth_it = len(alike) >= _MANY and size <= _LONG
        hashes = _hashes(alike, size) if is_worth_it else map(murmur2, alike)
        found.update(zip(alike, [(hash & 0x7FFFFFFF) % count for hash in hashes], strict=True))
    return found


def _hashes(keys: Sequence[bytes], size: int) -> Sequence[int]:
    """Of keys that are `size` bytes long."""
    lane = max(_NARROWEST, size + 3 & ~3)
    raw = int.from_bytes(b"".join([key.ljust(lane, b"\0") for key in keys]), "little")
    words = _mixed(raw, lane * len(keys))
    ones = int.from_bytes((1).to_bytes(lane, "little") * len(keys), "little")
    mask, hash = ones * _32_BITS, ones * (_SEED ^ size)
    whole = size & ~3
    for place in range(0, 8 * whole, 32):
        hash = hash * _MIX & mask ^ words >> place & mask
    if size > whole:
        hash = (hash ^ raw >> 8 * whole & mask) * _MIX & mask
    hash = (hash ^ hash >> 13 & mask) * _MIX & mask
    hash ^= hash >> 15 & mask
    lanes = hash.to_bytes(lane * len(keys), "little")
    return unpack(f"<{len(lanes) // 4}I", lanes)[:: lane // 4]


def _mixed(words: int, size: int) -> int:
    """What happens to each word before it comes to the hash: to every second one at once."""
    mask = int.from_bytes(_32_BITS.to_bytes(8, "little") * (size + 7 >> 3), "little")
    mixed = 0
    for shift in (0, 32):
        every = (words >> shift & mask) * _MIX & mask
        mixed |= ((every ^ every >> 24 & mask) * _MIX & mask) << shift
    return mixed
