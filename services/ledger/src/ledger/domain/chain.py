"""The hash chain of a book: each posted transaction is tied to all that were posted before it.

Whoever changes, removes or inserts an entry afterwards breaks every link that follows.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring_ascii
from struct import Struct
from typing import Any, Final

from ledger.domain.account import Entry
from ledger.domain.transaction import Transaction

FIRST_LINK: Final = bytes(32)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NOBODY: Final = bytes(16)
_HEAD: Final = ">32sQQ16s16sqqH"
_ENTRY: Final = "16sQqq"


def link_of(previous: bytes, transaction: Transaction) -> bytes:
    """SHA-256 over the previous link and everything about the transaction that never changes.

    In this order, big-endian: the previous link (32 bytes), posting, number (8 each), id, the id of
    what it corrects or zeros (16 each), when it was made and when it moved money (microseconds
    since 1970, 8 each), the number of entries (2); of each entry, money that leaves first: account
    (16), version, amount, balance (8 each); then as JSON kind, the currencies of its postings,
    description and metadata.
    """
    ended_at, corrects = transaction.ended_at, transaction.corrects
    assert ended_at, "what is posted has ended"
    entries = in_order(transaction.entries)
    numbers: list[Any] = [
        previous,
        transaction.posting,
        transaction.number,
        transaction.id.bytes,
        _NOBODY if corrects is None else corrects.bytes,
        microseconds(transaction.created_at),
        microseconds(ended_at),
        len(entries),
    ]
    for account_id, _owner, version, amount, balance, written in entries:
        numbers += (
            account_id.bytes if written is None else written.account_bytes,
            *(version, amount, balance),
        )
    return sha256(_layout(len(entries)).pack(*numbers) + _text(transaction)).digest()


def in_order(entries: Sequence[Entry]) -> Sequence[Entry]:
    """Money that leaves before money that arrives; the same whoever reads them from where."""
    if len(entries) == 2 and entries[0].amount < entries[1].amount:
        return entries
    return sorted(entries, key=_place)


@lru_cache(maxsize=16)
def microseconds(moment: datetime) -> int:
    """Since 1970, exactly. All of a batch have the same moment."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


@lru_cache(maxsize=16)
def _layout(entries: int) -> Struct:
    return Struct(_HEAD + entries * _ENTRY)


def _place(entry: Entry) -> tuple[int, int, int]:
    return entry.amount, entry.account_id.int, entry.version


def _text(transaction: Transaction) -> bytes:
    """What people wrote, so that no text can pass for another one's end."""
    metadata, postings = transaction.metadata, transaction.postings
    if not metadata and len(postings) == 1:
        # The same, faster.
        description = encode_basestring_ascii(transaction.description)
        return f'["{transaction.kind}", ["{postings[0].currency}"], {description}, []]'.encode()
    currencies = [posting.currency for posting in postings]
    return json.dumps(
        [transaction.kind, currencies, transaction.description, sorted(metadata.items())]
    ).encode()
