"""Where an account's entries stood at a moment.

Entries have no index on their time: it never runs back while an account's version counts up, so the
primary key finds a moment by binary search.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Select, case, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.adapters.tables import accounts, entries


async def versions_at(
    connection: AsyncConnection,
    versions: Mapping[UUID, int],
    moment: datetime,
    *,
    is_excluded: bool = False,
) -> dict[UUID, int]:
    """For each account a version up to which its entries are not later than the moment.

    All entries with a greater one are later. `versions` are the accounts with their versions now;
    `is_excluded`: entries of that very moment are later, too.
    """
    if not versions:
        return {}
    search = _search(list(versions), max(versions.values()), moment, is_excluded)
    return {row.account_id: row.low for row in await connection.execute(search)}


def last_entry(account_id: UUID, version: int | None) -> "Select[Any]":
    """The last entry up to that version, or of all."""
    query = select(entries).where(entries.c.account_id == account_id)
    if version is not None:
        query = query.where(entries.c.version <= version)
    return query.order_by(entries.c.version.desc()).limit(1)


def _search(
    account_ids: list[UUID], greatest: int, moment: datetime, is_excluded: bool
) -> "Select[Any]":
    """Steps from `low` to the highest version that is not later; each is half of the one before."""
    start = literal(0, BigInteger).label("low")
    first = literal(1 << greatest.bit_length() - 1, BigInteger).label("step")
    search = (
        select(accounts.c.id.label("account_id"), start, first)
        .where(accounts.c.id.in_(account_ids))
        .cte("search", recursive=True)
    )
    account_id, low, step = search.c
    later = entries.c.created_at >= moment if is_excluded else entries.c.created_at > moment
    is_later = (
        select(later)
        .where(entries.c.account_id == account_id, entries.c.version <= low + step)
        .order_by(entries.c.version.desc())
        .limit(1)
        .correlate(search)
        .scalar_subquery()
    )
    taken = case((is_later, literal(0, BigInteger)), else_=step)
    search = search.union_all(select(account_id, low + taken, step // 2).where(step > 0))
    return select(search.c.account_id, search.c.low).where(search.c.step == 0)
