import csv
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from io import StringIO
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.application.reads import StatementLine
from ledger.entrypoints.statement_csv import COLUMNS, csv_of, harmless

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def line(description: str, amount: int = -125) -> StatementLine:
    return StatementLine(
        created_at=datetime(2026, 11, 1, 12, tzinfo=UTC),
        transaction_id=UUID(int=7),
        reference_id="TXN-7C0A91F2B6E4",
        kind="debit",
        version=2,
        amount=amount,
        balance=0,
        description=description,
    )


async def text_of(*parts: list[StatementLine]) -> str:
    async def come() -> AsyncIterator[list[StatementLine]]:
        for part in parts:
            yield part

    return "".join([text async for text in csv_of(come(), "EUR")])


@given(texts)
async def test_whatever_was_written_is_read_again(description: str) -> None:
    text = await text_of([line("before"), line(description)], [line("after")])
    [header, *rows] = csv.reader(StringIO(text, newline=""))
    assert tuple(header) == COLUMNS
    assert [row[3] for row in rows] == ["before", harmless(description), "after"]
    assert {len(row) for row in rows} == {len(COLUMNS)}


@given(texts)
def test_no_text_begins_like_a_formula_and_nothing_else_is_touched(text: str) -> None:
    assert harmless(text) in {text, f"'{text}"}
    assert not harmless(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


async def test_amounts_stay_numbers_and_every_line_ends_as_rfc_4180_says() -> None:
    text = await text_of([line("x", -125), line("y", 5)])
    start, id_ = "2026-11-01T12:00:00+00:00,TXN-7C0A91F2B6E4,debit", UUID(int=7)
    assert text.split("\r\n")[1:] == [
        f"{start},x,-1.25,0.00,EUR,{id_}",
        f"{start},y,0.05,0.00,EUR,{id_}",
        "",
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_formula_is_made_a_text(start: str) -> None:
    assert harmless(f"{start}1+1") == f"'{start}1+1"
