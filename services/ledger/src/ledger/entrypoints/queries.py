"""What can be asked for in the query of a read."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contracts.contract import UtcDatetime
from contracts.ledger import TransactionKind, TransactionStatus
from ledger.application.reads import Wanted
from web.paging import PageQuery

Reference = Annotated[
    str, StringConstraints(to_upper=True, pattern=re.compile("^TXN-[0-9A-F]{12}$", re.IGNORECASE))
]


class EntriesQuery(PageQuery):
    """Both moments are within."""

    since: UtcDatetime | None = None
    until: UtcDatetime | None = None


class TransactionsQuery(PageQuery):
    status: TransactionStatus | None = None
    type: TransactionKind | None = None
    account_id: UUID | None = None
    reference_id: Reference | None = None

    @property
    def wanted(self) -> Wanted:
        return Wanted(
            status=self.status,
            kind=self.type,
            account_id=self.account_id,
            reference_id=self.reference_id,
        )


class MomentQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    at: UtcDatetime | None = None


class StatementQuery(BaseModel):
    """From a moment until just before another; this month unless it is said otherwise."""

    model_config = ConfigDict(extra="forbid")

    starts_at: UtcDatetime = Field(default_factory=lambda: this_month()[0], alias="from")
    ends_at: UtcDatetime = Field(default_factory=lambda: this_month()[1], alias="to")
    format: Literal["json", "csv"] | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.starts_at >= self.ends_at:
            raise ValueError("from must be before to; without them it is this month in UTC")
        return self


def this_month(now: datetime | None = None) -> tuple[datetime, datetime]:
    """When it began, and when the next one begins, in UTC."""
    now = now or datetime.now(UTC)
    start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    years, month = divmod(start.month, 12)
    return start, start.replace(year=start.year + years, month=month + 1)


EntriesParameters = Annotated[EntriesQuery, Query()]
TransactionsParameters = Annotated[TransactionsQuery, Query()]
MomentParameters = Annotated[MomentQuery, Query()]
StatementParameters = Annotated[StatementQuery, Query()]
