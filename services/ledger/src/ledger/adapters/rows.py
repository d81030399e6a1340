"""Between the domain and its rows, whichever database they are in."""

import json
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from ledger.adapters.tables import accounts, books, entries, holds, transactions
from ledger.domain.account import Account
from ledger.domain.changes import Head
from ledger.domain.hold import Hold
from ledger.domain.reference import reference_of
from ledger.domain.transaction import Posting, Transaction

Row = tuple[Any, ...]

BOOK: Final = tuple(books.columns.keys())
ACCOUNT: Final = tuple(accounts.columns.keys())
TRANSACTION: Final = tuple(transactions.columns.keys())
ENTRY: Final = tuple(entries.columns.keys())
HOLD: Final = tuple(holds.columns.keys())

OF_AN_ACCOUNT: Final = ("posted", "held", "version", "name", "minimum", "is_closed")
"""All that may change of it."""

_APART: Final = {"source_id", "target_id", "postings", "metadata"}
_AS_THEY_ARE: Final = tuple(name for name in TRANSACTION if name not in _APART)


def head_of(row: Mapping[str, Any]) -> Head:
    return Head(**{name: row[name] for name in BOOK})


def account_of(row: Mapping[str, Any]) -> Account:
    return Account(**{name: row[name] for name in ACCOUNT})


def account_row(account: Account) -> Row:
    return tuple(getattr(account, name) for name in ACCOUNT)


def hold_of(row: Mapping[str, Any]) -> Hold:
    return Hold(**{name: row[name] for name in HOLD})


def hold_row(hold: Hold) -> Row:
    return tuple(getattr(hold, name) for name in HOLD)


def transaction_of(row: Mapping[str, Any], book_number: int) -> Transaction:
    """Without its entries, which are rows of their own."""
    metadata = row["metadata"]
    return Transaction(
        **{name: row[name] for name in _AS_THEY_ARE},
        postings=_postings_of(row),
        metadata={} if metadata is None else json.loads(metadata),
        reference_id=reference_of(book_number, row["number"]),
    )


def transaction_row(transaction: Transaction) -> Row:
    one = transaction.postings[0] if len(transaction.postings) == 1 else None
    metadata = transaction.metadata
    return (
        transaction.id,
        transaction.book,
        transaction.number,
        transaction.kind,
        transaction.status,
        transaction.amount,
        transaction.currency,
        one and one.source_id,
        one and one.target_id,
        _postings_text(transaction) if len(transaction.postings) > 1 else None,
        transaction.description,
        json.dumps(dict(metadata), separators=(",", ":")) if metadata else None,
        transaction.corrects,
        transaction.refunded,
        transaction.is_reversed,
        transaction.asked_by,
        transaction.failure,
        transaction.fingerprint,
        transaction.created_at,
        transaction.ended_at,
        transaction.posting,
        transaction.link,
    )


def entry_rows(transaction: Transaction) -> list[Row]:
    id_, at = transaction.id, transaction.ended_at
    return [
        (account_id, version, id_, amount, balance, at)
        for account_id, _owner, version, amount, balance, _written in transaction.entries
    ]


def _postings_of(row: Mapping[str, Any]) -> tuple[Posting, ...]:
    if row["postings"] is not None:
        return tuple(
            Posting(UUID(source), UUID(target), amount, currency)
            for source, target, amount, currency in json.loads(row["postings"])
        )
    if row["source_id"] is None or row["target_id"] is None:
        return ()
    return (Posting(row["source_id"], row["target_id"], row["amount"], row["currency"]),)


def _postings_text(transaction: Transaction) -> str:
    postings = [
        (str(source), str(target), amount, currency)
        for source, target, amount, currency in transaction.postings
    ]
    return json.dumps(postings, separators=(",", ":"))
