import pytest
from services.ledger.tests.integration.busy_books import busy_book, run, small_book
from services.ledger.tests.integration.commanding import opening, post, send
from services.ledger.tests.integration.conftest import Bench, bench_on
from sqlalchemy import select

from ledger.adapters.ledger_rows import Fenced
from ledger.adapters.sql_audit import SqlRecords
from ledger.adapters.sql_balances import SqlBalances
from ledger.adapters.tables import accounts, entries
from ledger.application.audit import audit
from ledger.application.rebuild import CannotMend
from ledger.entrypoints.commands import Rebuild


async def is_sound(bench: Bench) -> bool:
    async with SqlRecords(bench.delivery.db).of("main") as records:
        assert records is not None
        return (await audit(records)).is_sound


def rebuild(*, checks: bool, book: str = "main") -> Rebuild:
    return Rebuild(book=book, checks=checks, balances=lambda delivery: SqlBalances(delivery.db))


async def stored(bench: Bench) -> list[tuple[object, ...]]:
    async with bench.delivery.db.read() as connection:
        return [
            tuple(row)
            for table in (accounts, entries)
            for row in await connection.execute(select(table).order_by(*table.primary_key))
        ]


async def test_accounts_that_say_what_their_entries_say_stay_as_they_are(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    await busy_book(bench, commands=100, seed=3)
    before = await stored(bench)
    assert await rebuild(checks=True).run(bench.delivery) == 0
    assert await rebuild(checks=False).run(bench.delivery) == 0
    assert capsys.readouterr().out == "main: 0 accounts differ\nmain: 0 accounts mended\n"
    assert await stored(bench) == before


async def test_what_differs_is_listed_then_mended_and_the_book_is_sound_again(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    await small_book(bench)
    await run(
        bench,
        "UPDATE accounts SET posted = posted + 500 WHERE kind = 'customer' AND name = ''",
        "UPDATE accounts SET held = 7 WHERE name = 'savings'",
        "UPDATE accounts SET version = 1 WHERE kind = 'sales'",
    )
    tampered = await stored(bench)
    assert not await is_sound(bench)
    assert await rebuild(checks=True).run(bench.delivery) == 1
    *listed, last = capsys.readouterr().out.splitlines()
    assert (len(listed), last) == (3, "main: 3 accounts differ")
    assert await stored(bench) == tampered
    assert await rebuild(checks=False).run(bench.delivery) == 0
    *mended, last = capsys.readouterr().out.splitlines()
    assert (mended, last) == (listed, "main: 3 accounts mended")
    assert sorted(line.split(": ")[1].split(" ")[0] for line in mended) == [
        "balance",
        "held",
        "version",
    ]
    assert await is_sound(bench)


async def test_a_mended_account_has_a_version_that_nobody_has_read(bench: Bench) -> None:
    account = opening()
    await send(bench, account, post("credit", account.account_id, 1_000))
    await run(bench, "UPDATE accounts SET posted = 5 WHERE kind = 'customer'")
    [difference] = await SqlBalances(bench.delivery.db).differences("main") or []
    await SqlBalances(bench.delivery.db).mend("main")
    async with bench.delivery.db.read() as connection:
        query = select(accounts.c.posted, accounts.c.version)
        row = (await connection.execute(query.where(accounts.c.id == account.account_id))).one()
    assert tuple(row) == (1_000, difference.version + 1)


async def test_a_running_writer_drops_its_memory_and_goes_on_with_what_was_mended(
    bench: Bench, migrated_url: str
) -> None:
    account = opening()
    await send(bench, account, post("credit", account.account_id, 1_000))
    await run(bench, "UPDATE accounts SET held = 900 WHERE kind = 'customer'")
    async with bench_on(migrated_url).running() as other:
        [outcome] = await send(other, post("debit", account.account_id, 101))
        assert outcome.state == "refused"
        await SqlBalances(bench.delivery.db).mend("main")
        spending = post("debit", account.account_id, 1_000)
        with pytest.raises(Fenced):
            await send(other, spending)
        [outcome] = await send(other, spending)
    assert outcome.state == "succeeded"
    assert await is_sound(bench)


async def test_what_can_not_be_true_is_not_written(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    await small_book(bench)
    await run(
        bench,
        "UPDATE entries SET amount = amount - 100000 WHERE amount = 9000",
        "UPDATE accounts SET held = 7 WHERE name = 'savings'",
    )
    tampered = await stored(bench)
    with pytest.raises(CannotMend):
        await SqlBalances(bench.delivery.db).mend("main")
    assert await rebuild(checks=False).run(bench.delivery) == 1
    assert "less than nothing available" in capsys.readouterr().err
    assert await stored(bench) == tampered


async def test_a_book_that_is_not_there_is_said_so(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    for checks in (True, False):
        assert await rebuild(checks=checks, book="other").run(bench.delivery) == 2
    assert capsys.readouterr().err == "there is no book 'other'\n" * 2
