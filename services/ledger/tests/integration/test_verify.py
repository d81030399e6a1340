import os
import subprocess
import sys
from typing import Any

import pytest
from services.ledger.tests.integration.busy_books import busy_book, run, small_book
from services.ledger.tests.integration.commanding import opening, post, send
from services.ledger.tests.integration.conftest import Bench
from sqlalchemy import Table, delete, insert, select, update

from ledger.adapters.rows import transaction_of
from ledger.adapters.sql_audit import SqlRecords
from ledger.adapters.tables import accounts, books, entries, holds, transactions
from ledger.application.audit import MOST_SHOWN, Audit, audit
from ledger.application.audit_postings import KnownLink
from ledger.domain.account import Entry
from ledger.domain.chain import FIRST_LINK, link_of
from ledger.entrypoints import kafka
from ledger.entrypoints.commands import Verify

THIRD = "(SELECT id FROM transactions WHERE posting = 3)"
LAST = "(SELECT id FROM transactions WHERE posting = 9)"
LONG_AGO = "created_at = '2020-01-01 00:00:00.000000'"
A_CUSTOMERS = (
    "(SELECT min(id) FROM (SELECT CAST(id AS text) AS id FROM accounts WHERE name = '') x)"
)
THE_CUSTOMERS = "kind = 'customer' AND name = ''"


async def looked_at(bench: Bench, known: KnownLink | None = None) -> Audit:
    async with SqlRecords(bench.delivery.db).of("main") as records:
        assert records is not None
        return await audit(records, known=known)


async def test_a_new_book_is_sound(bench: Bench) -> None:
    result = await looked_at(bench)
    assert result.is_sound
    assert (result.postings, result.entries, result.link) == (0, 0, FIRST_LINK)


async def test_a_book_in_which_everything_happened_is_sound(bench: Bench) -> None:
    await small_book(bench)
    result = await looked_at(bench)
    assert result.findings.shown == []
    assert (result.postings, result.entries) == (9, 20)


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_book_of_a_few_hundred_commands_is_sound(bench: Bench, seed: int) -> None:
    outcomes = await busy_book(bench, commands=300, seed=seed)
    done = {outcome.command for outcome in outcomes if outcome.state == "succeeded"}
    assert done == {model.__name__ for model in kafka.HANDLERS} - {"ChangeAccount", "ExpireHold"}
    result = await looked_at(bench)
    assert result.findings.shown == []
    assert result.postings > 50


TAMPERED = {
    "an entry's amount": (
        f"UPDATE entries SET amount = amount + 1 WHERE amount > 0 AND transaction_id = {THIRD}",
        ["posting 3, transaction {third}: its link is ", "{third}: its entries in EUR sum to 1, "],
    ),
    "an entry's balance": (
        f"UPDATE entries SET balance = balance + 7 WHERE amount > 0 AND transaction_id = {THIRD}",
        ["posting 3, transaction {third}: its link is ", " 400 was added, and the entry says "],
    ),
    "an entry's version": (
        f"UPDATE entries SET version = 0 WHERE amount > 0 AND transaction_id = {THIRD}",
        ["posting 3, transaction {third}: its link is ", "{third}: version 0 of account "],
    ),
    "an entry's time": (
        f"UPDATE entries SET {LONG_AGO} WHERE amount > 0 AND transaction_id = {THIRD}",
        ["posting 3, transaction {third}: the entry of account ", " has another time"],
    ),
    "the currency of everything": (
        "UPDATE accounts SET currency = 'KWD'; UPDATE transactions SET currency = 'KWD'",
        ["posting 3, transaction {third}: its link is "],
    ),
    "a deleted entry": (
        f"DELETE FROM entries WHERE amount > 0 AND transaction_id = {THIRD}",
        ["posting 3, transaction {third}: its link is ", "EUR sum to -400, not to zero"],
    ),
    "all of its entries deleted": (
        f"DELETE FROM entries WHERE transaction_id = {THIRD}",
        ["posting 3, transaction {third}: has no entries"],
    ),
    "a deleted transaction": (
        "DELETE FROM transactions WHERE posting = 3",
        ["posting 3: missing", "of transaction {third}, which isn't there", "number 4 follows 2"],
    ),
    "the last transaction deleted": (
        "DELETE FROM transactions WHERE posting = 9",
        [
            "book: it counts 9 postings, and the last is 8",
            "it counts 11 transactions, and the last",
        ],
    ),
    "the last transaction deleted with its entries": (
        (
            f"DELETE FROM entries WHERE transaction_id = {LAST};"
            f"DELETE FROM transactions WHERE id = {LAST}"
        ),
        ["book: it counts 9 postings, and the last is 8", " after its last entry"],
    ),
    "two links swapped": (
        (
            "UPDATE transactions SET link = CASE posting"
            " WHEN 3 THEN (SELECT link FROM transactions WHERE posting = 4)"
            " ELSE (SELECT link FROM transactions WHERE posting = 3) END WHERE posting IN (3, 4)"
        ),
        ["posting 3, transaction {third}: its link is ", "posting 4, transaction "],
    ),
    "a link removed": (
        "UPDATE transactions SET link = NULL WHERE posting = 3",
        ["posting 3, transaction {third}: its link is missing, and what is stored of it makes "],
    ),
    "two transactions at one place": (
        "UPDATE transactions SET posting = 3 WHERE posting = 4",
        ["posting 3, transaction ", "has a number that another one has, too", "posting 4: missing"],
    ),
    "a description": (
        "UPDATE transactions SET description = 'Gift' WHERE posting = 2",
        ["posting 2, transaction ", ": its link is "],
    ),
    "metadata": (
        """UPDATE transactions SET metadata = '{"run":"12"}' WHERE posting = 1""",
        ["posting 1, transaction ", ": its link is "],
    ),
    "metadata that can't be read": (
        "UPDATE transactions SET metadata = '[' WHERE posting = 1",
        ["posting 1, transaction ", ": can't be read"],
    ),
    "a transaction's time": (
        f"UPDATE transactions SET {LONG_AGO} WHERE posting = 3",
        ["posting 3, transaction {third}: its link is "],
    ),
    "a transaction's number": (
        "UPDATE transactions SET number = 100 WHERE posting = 3",
        ["posting 3, transaction {third}: its link is ", "number 4 follows 2", "100 follows 11"],
    ),
    "a number that none has": (
        "UPDATE transactions SET number = 0 WHERE posting = 3",
        ["posting 3, transaction {third}: can't be read", "number 0 follows 0"],
    ),
    "the amount it shows": (
        "UPDATE transactions SET amount = amount + 1 WHERE posting = 3",
        ["posting 3, transaction {third}: shows other accounts or amounts than its entries"],
    ),
    "the account it shows": (
        "UPDATE transactions SET target_id = source_id WHERE posting = 3",
        ["posting 3, transaction {third}: shows other accounts or amounts than its entries"],
    ),
    "a status": (
        "UPDATE transactions SET status = 'failed' WHERE posting = 3",
        ["posting 3, transaction {third}: is failed, and has moved money"],
    ),
    "a failed one that is said to be completed": (
        "UPDATE transactions SET status = 'completed' WHERE status = 'failed'",
        [": is completed without a posting"],
    ),
    "a failed one deleted": (
        "DELETE FROM transactions WHERE status = 'failed'",
        ["what was between them is missing"],
    ),
    "entries of a failed one": (
        (
            "INSERT INTO entries SELECT account_id, 999, (SELECT id FROM transactions WHERE"
            " status = 'failed'), 5, balance + 5, created_at FROM entries WHERE amount > 0"
            f" AND transaction_id = {THIRD}"
        ),
        ["the entry of version 999 is of transaction ", "which is failed and has moved nothing"],
    ),
    "an account's balance": (
        f"UPDATE accounts SET posted = posted + 500 WHERE {THE_CUSTOMERS}",
        ["account {account}: its balance is ", "the balances in EUR sum to 500, not to zero"],
    ),
    "what is held on an account": (
        f"UPDATE accounts SET held = held - 500 WHERE {THE_CUSTOMERS}",
        ["account {account}: 0 is held, and its open holds sum to 500"],
    ),
    "an account's version": (
        f"UPDATE accounts SET version = 2 WHERE {THE_CUSTOMERS}",
        ["account {account}: its version is 2, and "],
    ),
    "an account's currency": (
        f"UPDATE accounts SET currency = 'USD' WHERE {THE_CUSTOMERS}",
        ["posting 3, transaction {third}: its entries in USD sum to -400", "balances in USD sum"],
    ),
    "a deleted account": (
        f"DELETE FROM accounts WHERE {THE_CUSTOMERS}",
        ["{third}: there is no account {account}", "account {account}: has entries in this book"],
    ),
    "a hold's amount": (
        "UPDATE holds SET amount = amount + 1 WHERE status = 'held' AND transaction_id IS NULL",
        ["account {account}: 500 is held, and its open holds sum to 501"],
    ),
    "a hold that was ended by hand": (
        "UPDATE holds SET status = 'voided' WHERE status = 'held' AND transaction_id IS NOT NULL",
        ["account {account}: 500 is held, and its open holds sum to 300", "nothing is held for it"],
    ),
    "a pending one that was ended by hand": (
        "UPDATE transactions SET status = 'cancelled' WHERE status = 'pending'",
        [": is open without an account or its transaction"],
    ),
    "what was refunded": (
        "UPDATE transactions SET refunded = 1 WHERE refunded > 0",
        [": 1 is refunded, its refunds are 100"],
    ),
    "what was reversed": (
        "UPDATE transactions SET is_reversed = NOT is_reversed WHERE is_reversed",
        [": 0 reversals are told, 1 are there"],
    ),
    "the book's count": (
        "UPDATE books SET transactions = transactions + 1, postings = postings - 1",
        [
            "book: it counts 8 postings, and the last is 9",
            "it counts 12 transactions, and the last",
        ],
    ),
    "the book's link": (
        "UPDATE books SET link = (SELECT link FROM transactions WHERE posting = 3)",
        ["book: its link is "],
    ),
}


async def test_whatever_is_changed_by_hand_is_named(bench: Bench) -> None:
    await small_book(bench)
    async with bench.delivery.db.read() as connection:
        query = select(transactions.c.id, transactions.c.source_id)
        third, account = (await connection.execute(query.where(transactions.c.posting == 3))).one()
    rows = await all_rows(bench)
    for what, (statements, expected) in TAMPERED.items():
        await run(bench, *statements.split(";"))
        found = "\n".join((await looked_at(bench)).findings.shown)
        missing = [
            part for part in expected if part.format(third=third, account=account) not in found
        ]
        assert not missing, f"{what}: {missing} isn't in\n{found}"
        await put_back(bench, rows)
    assert (await looked_at(bench)).is_sound


Rows = dict[Table, list[dict[str, Any]]]


async def all_rows(bench: Bench) -> Rows:
    async with bench.delivery.db.read() as connection:
        return {
            table: [dict(row._mapping) for row in await connection.execute(select(table))]
            for table in (books, accounts, transactions, entries, holds)
        }


async def put_back(bench: Bench, rows: Rows) -> None:
    async with bench.delivery.db.write() as connection:
        for table, those in rows.items():
            await connection.execute(delete(table))
            await connection.execute(insert(table), those)


async def test_one_fault_is_not_told_again_by_every_link_that_follows(bench: Bench) -> None:
    await small_book(bench)
    await run(bench, "UPDATE transactions SET description = 'Gift' WHERE posting = 2")
    assert (await looked_at(bench)).findings.count == 1


async def rewritten_from(bench: Bench, first: int, description: str) -> None:
    """Somebody who knows how the chain is made changes the past and all links after it."""
    async with bench.delivery.db.write() as connection:
        statement = update(transactions).where(transactions.c.posting == first)
        await connection.execute(statement.values(description=description))
        query = select(transactions).where(transactions.c.posting >= first - 1)
        link = FIRST_LINK
        for row in (await connection.execute(query.order_by(transactions.c.posting))).all():
            if row.posting == first - 1:
                link = row.link
                continue
            transaction = transaction_of(dict(row._mapping), 0)
            sides = select(entries).where(entries.c.transaction_id == row.id)
            transaction.entries = tuple(
                Entry(side.account_id, None, side.version, side.amount, side.balance)
                for side in await connection.execute(sides)
            )
            link = link_of(link, transaction)
            statement = update(transactions).where(transactions.c.id == row.id)
            await connection.execute(statement.values(link=link))
        await connection.execute(update(books).values(link=link))


async def test_a_past_rewritten_with_all_its_links_is_noticed_by_who_kept_one(
    bench: Bench,
) -> None:
    await small_book(bench)
    before = await looked_at(bench)
    known = KnownLink(before.postings, before.link)
    await send(bench, account := opening(), post("credit", account.account_id, 5))
    assert (await looked_at(bench, known)).is_sound
    await rewritten_from(bench, 2, "Gift")
    assert (await looked_at(bench)).is_sound
    [finding] = (await looked_at(bench, known)).findings.shown
    assert finding.startswith(f"posting {known.posting}: its link is ")
    assert finding.endswith("has been rewritten")


async def test_a_past_that_was_cut_off_is_noticed_by_who_kept_its_link(bench: Bench) -> None:
    await small_book(bench)
    known = KnownLink(10, bytes(32))
    [finding] = (await looked_at(bench, known)).findings.shown
    assert finding == "posting 10: an earlier audit saw it, and it isn't there"


async def test_what_is_posted_meanwhile_is_not_seen(bench: Bench) -> None:
    await small_book(bench)
    async with SqlRecords(bench.delivery.db).of("main") as records:
        assert records is not None
        await send(bench, account := opening(), post("credit", account.account_id, 5))
        result = await audit(records)
    assert (result.findings.shown, result.postings) == ([], 9)
    assert (await looked_at(bench)).postings == 10


async def test_the_operator_is_told_what_was_found_and_how_to_go_on(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    verify = Verify(book="main", known=None, records=lambda delivery: SqlRecords(delivery.db))
    await small_book(bench)
    assert await verify.run(bench.delivery) == 0
    link = (await looked_at(bench)).link.hex()
    said = capsys.readouterr().out
    assert said == f"main: 9 postings, 20 entries, sound; posting 9 link {link}\n"
    await run(bench, f"UPDATE entries SET {LONG_AGO}")
    assert await verify.run(bench.delivery) == 1
    *findings, last = capsys.readouterr().out.splitlines()
    assert (len(findings), last) == (20, "main: 9 postings, 20 entries, 20 findings")


async def test_of_many_findings_a_hundred_are_told(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    account = opening()
    await send(bench, account, *(post("credit", account.account_id, 1) for _ in range(60)))
    await run(bench, f"UPDATE entries SET {LONG_AGO}")
    verify = Verify(book="main", known=None, records=lambda delivery: SqlRecords(delivery.db))
    assert await verify.run(bench.delivery) == 1
    *findings, last = capsys.readouterr().out.splitlines()
    assert len(findings) == MOST_SHOWN
    assert last == "main: 60 postings, 120 entries, 120 findings, 20 of them not shown"


def test_a_ledger_is_verified_from_the_command_line(migrated_url: str) -> None:
    environment = {
        **os.environ,
        "LEDGER_DATABASE_URL": migrated_url,
        "INTERNAL_KEY": "a-key-of-the-deployment",
    }
    for arguments, code, out, err in (
        (["verify", "--posting", "0", "--link", "0" * 64], 0, " 0 entries, sound; posting 0", ""),
        (["verify", "--posting", "0", "--link", "1" * 64], 1, " has been rewritten", ""),
        (["verify", "--book", "other"], 2, "", "there is no book 'other'"),
        (["rebuild", "--check"], 0, "main: 0 accounts differ", ""),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "ledger.main", *arguments],
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == code, done.stderr
        assert out in done.stdout
        assert err in done.stderr
