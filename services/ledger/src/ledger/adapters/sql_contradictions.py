"""Rows of a book that contradict others, as far as one statement of SQL can tell."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select

from ledger.adapters.tables import accounts, entries, holds, transactions
from ledger.domain.changes import Head

Contradiction = tuple["Select[Any]", Callable[[Any], str]]


def contradictions_of(head: Head) -> list[Contradiction]:
    """Queries, each with what a row that it finds says about the book."""
    return [
        _numbers(head.name),
        _last_number(head),
        _unposted(head.name),
        _strays(head.name),
        _corrections(head.name),
        _pending(head.name),
        _open_holds(head.name),
    ]


def _numbers(book: str) -> Contradiction:
    number = transactions.c.number
    before = func.lag(number, 1, 0).over(order_by=number).label("before")
    pairs = select(number, before).where(transactions.c.book == book).subquery()
    query = select(pairs).where(pairs.c.number != pairs.c.before + 1).order_by(pairs.c.number)
    return (
        query,
        lambda row: (
            f"transactions: number {row.number} follows {row.before}"
            + ("" if row.number <= row.before else ", what was between them is missing")
        ),
    )


def _last_number(head: Head) -> Contradiction:
    last = func.coalesce(func.max(transactions.c.number), 0).label("last")
    counted = select(last).where(transactions.c.book == head.name).subquery()
    query = select(counted).where(counted.c.last != head.transactions)
    return (
        query,
        lambda row: (
            f"book: it counts {head.transactions} transactions, and the last is number {row.last}"
        ),
    )


def _unposted(book: str) -> Contradiction:
    """What is said to be completed and has no place in the chain."""
    is_outside = transactions.c.posting.is_(None) | transactions.c.link.is_(None)
    query = select(transactions.c.id).where(
        transactions.c.book == book, transactions.c.status == "completed", is_outside
    )
    return query, lambda row: f"transaction {row.id}: is completed without a posting"


def _strays(book: str) -> Contradiction:
    """Entries of no transaction, or of one that has moved no money."""
    entry = entries.c
    is_of_none = transactions.c.id.is_(None) & or_(accounts.c.book == book, accounts.c.id.is_(None))
    is_of_idle = and_(transactions.c.book == book, transactions.c.posting.is_(None))
    query = (
        select(entry.account_id, entry.version, entry.transaction_id, transactions.c.status)
        .select_from(entries)
        .outerjoin(transactions, transactions.c.id == entry.transaction_id)
        .outerjoin(accounts, accounts.c.id == entry.account_id)
        .where(or_(is_of_none, is_of_idle))
        .order_by(entry.account_id, entry.version)
    )
    return (
        query,
        lambda row: (
            f"account {row.account_id}: the entry of version {row.version} is of transaction"
            f" {row.transaction_id}, which "
            + ("isn't there" if row.status is None else f"is {row.status} and has moved nothing")
        ),
    )


def _corrections(book: str) -> Contradiction:
    kind, amount = transactions.c.kind, transactions.c.amount
    corrections = (
        select(
            transactions.c.corrects,
            func.sum(case((kind == "refund", amount), else_=0)).label("refunds"),
            func.sum(case((kind == "reversal", 1), else_=0)).label("reversals"),
        )
        .where(transactions.c.book == book, transactions.c.corrects.is_not(None))
        .group_by(transactions.c.corrects)
        .subquery()
    )
    refunds = func.coalesce(corrections.c.refunds, 0)
    reversals = func.coalesce(corrections.c.reversals, 0)
    said = case((transactions.c.is_reversed, 1), else_=0)
    query = (
        select(
            *(transactions.c.id, transactions.c.refunded, refunds.label("refunds")),
            *(said.label("said"), reversals.label("reversals")),
        )
        .outerjoin(corrections, corrections.c.corrects == transactions.c.id)
        .where(transactions.c.book == book)
        .where(or_(transactions.c.refunded != refunds, said != reversals))
        .order_by(transactions.c.number)
    )
    return (
        query,
        lambda row: (
            f"transaction {row.id}: {row.refunded} is refunded, its refunds are {row.refunds}"
            if row.refunded != row.refunds
            else f"transaction {row.id}: {row.said} reversals are told, {row.reversals} are there"
        ),
    )


def _pending(book: str) -> Contradiction:
    is_its_hold = and_(
        holds.c.id == transactions.c.id,
        holds.c.transaction_id == transactions.c.id,
        holds.c.account_id == transactions.c.source_id,
        holds.c.amount == transactions.c.amount,
        holds.c.status == "held",
    )
    query = (
        select(transactions.c.id)
        .outerjoin(holds, is_its_hold)
        .where(
            transactions.c.book == book, transactions.c.status == "pending", holds.c.id.is_(None)
        )
        .order_by(transactions.c.number)
    )
    return query, lambda row: f"transaction {row.id}: is pending, and nothing is held for it"


def _open_holds(book: str) -> Contradiction:
    is_its_transaction = and_(
        transactions.c.id == holds.c.transaction_id, transactions.c.status == "pending"
    )
    has_none = holds.c.transaction_id.is_not(None) & transactions.c.id.is_(None)
    query = (
        select(holds.c.id)
        .outerjoin(transactions, is_its_transaction)
        .outerjoin(accounts, and_(accounts.c.id == holds.c.account_id, accounts.c.book == book))
        .where(holds.c.book == book, holds.c.status == "held")
        .where(or_(has_none, accounts.c.id.is_(None)))
        .order_by(holds.c.id)
    )
    return query, lambda row: f"hold {row.id}: is open without an account or its transaction"
