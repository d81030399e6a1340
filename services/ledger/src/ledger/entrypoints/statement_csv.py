"""A statement for a spreadsheet: RFC 4180, a header row and a row for each entry."""

import csv
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from io import StringIO
from typing import Final

from contracts.money import to_decimal_text
from ledger.application.reads import StatementFrame, StatementLine

COLUMNS: Final = (
    *("created_at", "reference_id", "type", "description"),
    *("amount", "balance", "currency", "transaction_id"),
)

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


async def csv_of(parts: AsyncIterable[list[StatementLine]], currency: str) -> AsyncIterator[str]:
    """The header, then one text for each part."""
    yield _text([COLUMNS])
    async for lines in parts:
        yield _text(_row(line, currency) for line in lines)


def filename_of(frame: StatementFrame) -> str:
    """Of characters that need no quoting anywhere."""
    days = f"{frame.starts_at:%Y-%m-%d}-{frame.ends_at:%Y-%m-%d}"
    return f"statement-{frame.account_id}-{days}.csv"


def harmless(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _row(line: StatementLine, currency: str) -> tuple[str, ...]:
    return (
        line.created_at.isoformat(),
        line.reference_id,
        line.kind,
        harmless(line.description),
        to_decimal_text(line.amount, currency),
        to_decimal_text(line.balance, currency),
        currency,
        str(line.transaction_id),
    )


def _text(rows: Iterable[tuple[str, ...]]) -> str:
    text = StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()
