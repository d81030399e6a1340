import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import httpx2
import pytest
from services.ledger.tests.integration.acting import (
    Client,
    Headers,
    credit,
    done,
    funded,
    items,
    opened,
    post,
    slug_of,
    transfer,
)
from services.ledger.tests.integration.conftest import Bench

from ledger.entrypoints import statements

NEVER = {"from": "2000-01-01T00:00:00Z", "to": "2000-02-01T00:00:00Z"}
ALWAYS = {"from": "2000-01-01T00:00:00Z", "to": "9000-01-01T00:00:00Z"}


async def statement(
    ledger: Client, account_id: object, who: Headers, **query: str
) -> dict[str, Any]:
    response = await ledger.get(f"/accounts/{account_id}/statement", params=query, headers=who)
    assert response.status_code == 200, response.text
    view: dict[str, Any] = response.json()
    return view


def rows_in(response: httpx2.Response) -> list[dict[str, str]]:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/csv; charset=utf-8")
    return list(csv.DictReader(StringIO(response.text, newline="")))


async def test_a_statement_adds_up(ledger: Client, bench: Bench, owner: Headers) -> None:
    account_id, other = await funded(bench), await opened(bench)
    await done(bench, transfer(account_id, other, 1250, description="for tea"))
    await done(bench, credit(account_id, 250))
    view = await statement(ledger, account_id, owner)
    assert (view["opening_balance"], view["closing_balance"]) == ("0.00", "40.00")
    assert (view["total_in"], view["total_out"]) == ("52.50", "12.50")
    assert [(e["type"], e["amount"], e["balance"]) for e in view["entries"]] == [
        ("credit", "50.00", "50.00"),
        ("transfer", "-12.50", "37.50"),
        ("credit", "2.50", "40.00"),
    ]
    listed = await items(ledger, f"/accounts/{account_id}/entries", owner)
    for entry, line in zip(reversed(listed), view["entries"], strict=True):
        assert entry.items() <= line.items()


async def test_a_statement_is_of_this_month_unless_it_is_said_otherwise(
    ledger: Client, bench: Bench, owner: Headers
) -> None:
    before = datetime.now(UTC)
    view = await statement(ledger, await opened(bench), owner)
    starts_at = datetime.fromisoformat(view["starts_at"])
    ends_at = datetime.fromisoformat(view["ends_at"])
    assert starts_at <= before < ends_at or starts_at >= before
    assert (starts_at.day, starts_at.hour, starts_at.minute) == (1, 0, 0)
    assert (ends_at.day, ends_at.hour) == (1, 0)
    assert timedelta(days=28) <= ends_at - starts_at <= timedelta(days=31)


async def test_statements_of_periods_in_a_row_have_every_entry_once(
    ledger: Client, bench: Bench, owner: Headers
) -> None:
    account_id = await opened(bench)
    for amount in (1, 2, 3):
        await done(bench, credit(account_id, amount))
    whole = await statement(ledger, account_id, owner, **ALWAYS)
    border = whole["entries"][1]["created_at"]
    first = await statement(ledger, account_id, owner, **ALWAYS | {"to": border})
    second = await statement(ledger, account_id, owner, **ALWAYS | {"from": border})
    assert first["entries"] + second["entries"] == whole["entries"]
    assert len(first["entries"]) == 1
    assert first["closing_balance"] == second["opening_balance"] == "0.01"
    assert second["closing_balance"] == whole["closing_balance"] == "0.06"
    never = await statement(ledger, account_id, owner, **NEVER)
    assert (never["entries"], never["closing_balance"], never["total_in"]) == ([], "0.00", "0.00")


async def test_totals_may_have_more_digits_than_any_amount(
    ledger: Client, bench: Bench, owner: Headers, staff: Headers
) -> None:
    most = 2**53 - 1
    account_id = await opened(bench, currency="JPY")
    for kind in ("credit", "debit", "credit"):
        await done(bench, post(kind, account_id, most, currency="JPY"))
    view = await statement(ledger, account_id, owner)
    assert (view["total_in"], view["total_out"]) == (str(2 * most), str(most))
    totals = (await ledger.get("/ledger/trial-balance", headers=staff)).json()
    assert totals["currencies"][0]["debits"] == str(3 * most)


async def test_a_statement_that_is_too_long_is_refused_with_its_figures_but_not_as_csv(
    ledger: Client, bench: Bench, owner: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "MOST_ENTRIES", 2)
    account_id = await opened(bench)
    path = f"/accounts/{account_id}/statement"
    for amount in (1, 2):
        await done(bench, credit(account_id, amount))
    assert len((await statement(ledger, account_id, owner))["entries"]) == 2
    await done(bench, credit(account_id, 3))
    response = await ledger.get(path, headers=owner)
    assert (response.status_code, slug_of(response)) == (400, "statement-too-long")
    assert (response.json()["entries"], response.json()["limit"]) == (3, 2)
    response = await ledger.get(path, params={"format": "csv"}, headers=owner)
    assert len(rows_in(response)) == 3


WORDS = [
    "a lamp, and a shade",
    'the "good" one',
    "two\r\nlines",
    "€ 5 für Käse 🧀",
    "",
    "=1+1",
    "+49 30 1234",
    "-2",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "\n=1",
    "fine = fine",
]


async def test_csv_has_what_json_has_and_no_formulas(
    ledger: Client, bench: Bench, owner: Headers
) -> None:
    account_id = await funded(bench)
    for words in WORDS:
        await done(bench, post("debit", account_id, 125, description=words))
    path = f"/accounts/{account_id}/statement"
    response = await ledger.get(path, headers=owner | {"Accept": "text/csv"})
    rows, view = rows_in(response), await statement(ledger, account_id, owner)
    assert [row["description"] for row in rows[1:]] == [
        f"'{words}" if words[:1] in set("=+-@\t\r\n") - {""} else words for words in WORDS
    ]
    for row, entry in zip(rows, view["entries"], strict=True):
        for name in ("reference_id", "type", "amount", "balance", "transaction_id"):
            assert row[name] == entry[name]
        assert datetime.fromisoformat(row["created_at"]) == datetime.fromisoformat(
            entry["created_at"]
        )
        assert row["currency"] == "EUR"
    assert rows[1]["amount"] == "-1.25"


async def test_csv_is_a_file_with_a_plain_name_and_rfc_4180_lines(
    ledger: Client, bench: Bench, owner: Headers
) -> None:
    account_id = await opened(bench)
    path = f"/accounts/{account_id}/statement"
    response = await ledger.get(path, params=NEVER | {"format": "csv"}, headers=owner)
    assert response.text == (
        "created_at,reference_id,type,description,amount,balance,currency,transaction_id\r\n"
    )
    name = f"statement-{account_id}-2000-01-01-2000-02-01.csv"
    assert response.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert rows_in(response) == []


@pytest.mark.parametrize(
    "wish",
    [
        ("text/csv", "", "text/csv"),
        ("TEXT/CSV;q=0.9", "", "text/csv"),
        ("text/csv, application/json", "", "text/csv"),
        ("application/json, text/csv;q=0.5", "", "application/json"),
        ("text/csv;q=0", "", "application/json"),
        ("text/csv", "?format=json", "application/json"),
        ("*/*", "", "application/json"),
        ("application/json", "?format=csv", "text/csv"),
    ],
)
async def test_a_client_says_which_of_the_two_it_wants(
    ledger: Client, staff: Headers, bench: Bench, wish: tuple[str, str, str]
) -> None:
    accept, query, given = wish
    path = f"/accounts/{await opened(bench)}/statement{query}"
    response = await ledger.get(path, headers=staff | {"Accept": accept})
    assert response.headers["content-type"].partition(";")[0] == given
    assert response.headers["vary"] == "Accept"
