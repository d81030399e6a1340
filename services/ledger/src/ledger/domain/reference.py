"""What people quote of a transaction: `TXN-` and twelve hexadecimal digits.

A reference is the transaction's number in disguise: two of one deployment never share one, no index
over random values is needed to be sure of it, and it doesn't show how many there are. That is no
secret from who knows this file: a reference opens nothing.
"""

import re
from typing import Final

from ledger.domain.refusals import BadReference

LARGEST_NUMBER: Final = 2**40 - 1
LARGEST_BOOK: Final = 2**8 - 1

_MASK: Final = 2**48 - 1
_FACTOR: Final = 0x9E3779B97F4B
"""Odd, so that multiplying by it is a bijection modulo 2^48: the golden ratio's first bits."""

_INVERSE: Final = pow(_FACTOR, -1, 2**48)
_SHIFT: Final = 24
_REFERENCE: Final = re.compile("TXN-([0-9A-Fa-f]{12})")


def reference_of(book_number: int, number: int) -> str:
    """Of a transaction by the numbers of its book (0 to 255) and of itself (1 to 2^40 - 1)."""
    assert 0 <= book_number <= LARGEST_BOOK, "a deployment has at most 256 books"
    assert 0 < number <= LARGEST_NUMBER, "a book has at most 2^40 transactions"
    mixed = ((book_number << 40 | number) * _FACTOR) & _MASK
    mixed = ((mixed ^ (mixed >> _SHIFT)) * _FACTOR) & _MASK
    return f"TXN-{mixed ^ (mixed >> _SHIFT):012X}"


def number_of(reference: str) -> tuple[int, int]:
    """The numbers of book and transaction; the reverse of `reference_of`. Raises BadReference."""
    if (match := _REFERENCE.fullmatch(reference)) is None:
        raise BadReference(reference)
    mixed = int(match[1], 16)
    mixed = ((mixed ^ (mixed >> _SHIFT)) * _INVERSE) & _MASK
    mixed = ((mixed ^ (mixed >> _SHIFT)) * _INVERSE) & _MASK
    return mixed >> 40, mixed & LARGEST_NUMBER
