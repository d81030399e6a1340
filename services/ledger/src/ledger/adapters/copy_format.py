"""Transactions and entries as PostgreSQL's COPY reads them in its binary format.

The driver encodes one value after the other; a row that is packed at once takes a quarter of that.
Source: https://www.postgresql.org/docs/18/sql-copy.html, "Binary Format"
"""

from collections.abc import Iterable
from functools import lru_cache
from struct import Struct
from typing import Final

from ledger.domain.account import Entry
from ledger.domain.chain import microseconds
from ledger.domain.transaction import Transaction

ENTRY: Final = ("account_id", "version", "transaction_id", "amount", "balance", "created_at")

TRANSACTION: Final = (
    *("id", "number", "amount", "source_id", "target_id", "refunded", "is_reversed"),
    *("created_at", "ended_at", "posting", "link", "book", "kind", "currency", "status"),
    *("description", "asked_by", "fingerprint", "postings", "metadata", "corrects", "failure"),
)
"""First those of one length: they are packed together."""

_START: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END: Final = b"\xff\xff"
_NULL: Final = b"\xff\xff\xff\xff"
_ENTRIES: Final = Struct(">" + 2 * "hi16siqi16siqiqiq")
_NUMBERS: Final = Struct(">hi16siqiqi16si16siqi?iqiqiqi32s")
_LENGTH: Final = Struct(">i")
_NO_MORE: Final = 4 * _NULL
_SIXTEEN: Final = _LENGTH.pack(16)
_THIRTY_TWO: Final = _LENGTH.pack(32)
_EPOCH_US: Final = 946_684_800 * 1_000_000
"""PostgreSQL counts from 2000, everybody else from 1970."""


def is_plain(transaction: Transaction) -> bool:
    """Has it moved money by one posting, and nothing of what few have?"""
    return (
        len(transaction.entries) == 2
        and len(transaction.postings) == 1
        and transaction.currency is not None
        and transaction.corrects is None
        and not transaction.metadata
    )


def transactions_copy(plain: Iterable[Transaction]) -> bytes:
    """The rows of plain ones, in the order of `TRANSACTION`."""
    rows = [_START]
    for one in plain:
        rows += _transaction(one)
    rows.append(_END)
    return b"".join(rows)


def entries_copy(of_two: Iterable[Transaction]) -> bytes:
    """The entries of transactions that have two, in the order of `ENTRY`."""
    pack = _ENTRIES.pack
    rows = [_START]
    for one in of_two:
        left, arrived = one.entries
        assert one.ended_at, "what is posted has ended"
        id_, at = one.id.bytes, microseconds(one.ended_at) - _EPOCH_US
        rows.append(
            pack(
                6, 16, _account(left), 8, left[2], 16, id_, 8, left[3], 8, left[4], 8, at,
                6, 16, _account(arrived), 8, arrived[2], 16, id_, 8, arrived[3], 8, arrived[4],
                8, at,
            )
        )  # fmt: skip
    rows.append(_END)
    return b"".join(rows)


def _transaction(one: Transaction) -> tuple[bytes, ...]:
    left, arrived = one.entries
    assert one.ended_at, "what is posted has ended"
    numbers = _NUMBERS.pack(
        22, 16, one.id.bytes, 8, one.number, 8, one.amount, 16, _account(left),
        16, _account(arrived), 8, one.refunded, 1, one.is_reversed,
        8, microseconds(one.created_at) - _EPOCH_US, 8, microseconds(one.ended_at) - _EPOCH_US,
        8, one.posting, 32, one.link,
    )  # fmt: skip
    description, asked_by, fingerprint = one.description.encode(), one.asked_by, one.fingerprint
    return (
        numbers,
        _words(one.book, one.kind, one.currency, one.status),
        _LENGTH.pack(len(description)),
        description,
        _NULL if asked_by is None else _SIXTEEN + asked_by.bytes,
        _NULL if fingerprint is None else _THIRTY_TWO + fingerprint,
        _NO_MORE,
    )


@lru_cache(maxsize=1_000)
def _words(*words: str) -> bytes:
    """What many transactions say alike."""
    raw = [word.encode() for word in words]
    return b"".join([_LENGTH.pack(len(word)) + word for word in raw])


def _account(entry: Entry) -> bytes:
    written = entry.written
    return entry.account_id.bytes if written is None else written.account_bytes
