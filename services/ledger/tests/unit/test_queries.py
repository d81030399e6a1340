from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from ledger.entrypoints.queries import StatementQuery, TransactionsQuery, this_month


@pytest.mark.parametrize(
    ("now", "starts", "ends"),
    [
        (datetime(2026, 11, 22, 17, 5, tzinfo=UTC), (2026, 11), (2026, 12)),
        (datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), (2026, 12), (2027, 1)),
        (datetime(2024, 2, 29, tzinfo=UTC), (2024, 2), (2024, 3)),
        (datetime(2026, 1, 1, tzinfo=UTC), (2026, 1), (2026, 2)),
    ],
)
def test_a_month_ends_where_the_next_one_begins(
    now: datetime, starts: tuple[int, int], ends: tuple[int, int]
) -> None:
    assert this_month(now) == (
        datetime(*starts, 1, tzinfo=UTC),
        datetime(*ends, 1, tzinfo=UTC),
    )


def test_a_statement_is_of_moments_in_utc_and_of_this_month_by_itself() -> None:
    query = StatementQuery.model_validate(
        {"from": "2026-11-01T00:00:00+01:00", "to": "2026-11-02T00:00:00Z"}
    )
    east = timezone(timedelta(hours=1))
    assert query.starts_at == datetime(2026, 11, 1, tzinfo=east)
    assert query.starts_at.tzinfo is UTC
    default = StatementQuery()
    assert default.starts_at < default.ends_at
    assert default.format is None


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-11-01T00:00:00Z", "to": "2026-11-01T00:00:00Z"},
        {"from": "2026-11-02T00:00:00Z", "to": "2026-11-01T00:00:00Z"},
        {"from": "9000-01-01T00:00:00Z"},
        {"to": "2000-01-01T00:00:00Z"},
        {"from": "2026-11-01T00:00:00"},
        {"from": "9999-12-31T23:59:59-01:00"},
        {"starts_at": "2026-11-01T00:00:00Z"},
    ],
)
def test_a_period_that_is_none_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        StatementQuery.model_validate(query)


def test_a_reference_may_be_written_small() -> None:
    query = TransactionsQuery(reference_id="txn-7c0a91f2b6e4")
    assert query.wanted.reference_id == "TXN-7C0A91F2B6E4"
    for reference in ("TXN-7C0A91F2B6E", "TXN-7C0A91F2B6E4\n5", "7C0A91F2B6E4", "TXN-7C0A91F2B6_4"):
        with pytest.raises(ValidationError):
            TransactionsQuery(reference_id=reference)
