"""Where a book stands, and what has been decided in it since it was written."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ledger.domain.account import Account
from ledger.domain.hold import Hold
from ledger.domain.transaction import Transaction


@dataclass(slots=True, kw_only=True)
class Head:
    """Where a book stands: what it has counted, its last link, and its time, which never runs back.

    `epoch` counts its writers: only the last one may write.
    """

    name: str
    number: int
    epoch: int
    transactions: int
    postings: int
    link: bytes
    last_at: datetime


@dataclass(slots=True)
class Changes:
    """What has been decided since the last commit; what may be found twice is kept by its id."""

    new_accounts: list[Account] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    details: dict[UUID, Account] = field(default_factory=dict)
    new_holds: dict[UUID, Hold] = field(default_factory=dict)
    holds: dict[UUID, Hold] = field(default_factory=dict)
    new_transactions: list[Transaction] = field(default_factory=list)
    transactions: dict[UUID, Transaction] = field(default_factory=dict)
    posted: list[Transaction] = field(default_factory=list)
