"""Which partition a key belongs to, the same for every Kafka client."""

from functools import lru_cache
from struct import Struct
from typing import Final

_SEED: Final = 0x9747B28C
_MIX: Final = 0x5BD1E995
_32_BITS: Final = 0xFFFFFFFF


def partition_of(key: bytes, count: int) -> int:
    """The partition of a key, of that many."""
    return (murmur2(key) & 0x7FFFFFFF) % count if count > 1 else 0


def murmur2(data: bytes) -> int:
    """MurmurHash2 in 32 bits, as Kafka seeds it.

    What happens to each word by itself happens to all of them at once, in one long number that has
    64 bits for each: there a product has room. Source: `murmur2` in
    https://github.com/apache/kafka/blob/4.0/clients/src/main/java/org/apache/kafka/common/utils/Utils.java
    """
    words, lanes, mask = _shape(len(data) >> 2)
    mixed = int.from_bytes(lanes.pack(*words.unpack_from(data)), "little") * _MIX & mask
    mixed = (mixed ^ mixed >> 24 & mask) * _MIX & mask
    hash = _SEED ^ len(data)
    for word in lanes.unpack(mixed.to_bytes(lanes.size, "little")):
        hash = hash * _MIX & _32_BITS ^ word
    if rest := data[len(data) & ~3 :]:
        hash = (hash ^ int.from_bytes(rest, "little")) * _MIX & _32_BITS
    hash = (hash ^ hash >> 13) * _MIX & _32_BITS
    return hash ^ hash >> 15


@lru_cache(maxsize=64)
def _shape(count: int) -> tuple[Struct, Struct, int]:
    """So many words as they are, in lanes, and the bits of the lanes that belong to them."""
    mask = int.from_bytes(_32_BITS.to_bytes(8, "little") * count, "little")
    return Struct(f"<{count}I"), Struct(f"<{count}Q"), mask
