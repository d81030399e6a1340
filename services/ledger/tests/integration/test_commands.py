from uuid import uuid4

from services.ledger.tests.integration.commanding import (
    OWNER,
    capture,
    credit,
    debit,
    done,
    funded,
    held,
    hold,
    is_balanced,
    money,
    opened,
    opening,
    problem_of,
    refused,
    row_of,
    send,
    stored,
    transfer,
)
from services.ledger.tests.integration.conftest import Bench, bench_on

from contracts.ids import new_id
from contracts.ledger import (
    ChangeAccount,
    CloseAccount,
    OpenAccount,
    Posting,
    PostJournal,
    VoidHold,
)
from contracts.ledger_events import (
    AccountChanged,
    AccountClosed,
    AccountOpened,
    HoldCaptured,
    HoldPlaced,
    TransactionPosted,
)
from ledger.adapters import tables
from ledger.application.house import house_id
from ledger.domain.chain import FIRST_LINK


async def test_an_account_is_opened_empty(bench: Bench) -> None:
    command = opening(currency="JPY", name="savings")
    view = await done(bench, command)
    assert (view["id"], view["owner_id"]) == (str(command.account_id), str(OWNER))
    assert (view["balance"], view["available"], view["name"]) == ("0", "0", "savings")
    [message] = await bench.sent("AccountOpened")
    assert AccountOpened.model_validate_json(message.value).account_id == command.account_id


async def test_an_account_may_be_overdrawn_as_far_as_its_minimum_says(bench: Bench) -> None:
    account_id = await opened(bench, minimum=-5000)
    view = await done(bench, debit(account_id, 5000))
    assert view["status"] == "completed"
    assert await money(bench, account_id) == (-5000, 0)
    assert await is_balanced(bench)


async def test_an_account_gets_another_name_and_another_minimum(bench: Bench) -> None:
    account_id = await funded(bench)
    command = ChangeAccount(
        account_id=account_id, name="rent", minimum=1000, currency="EUR", expected_version=2
    )
    view = await done(bench, command)
    assert (view["name"], view["minimum_balance"], view["available"]) == ("rent", "10.00", "40.00")
    row = await row_of(bench, tables.accounts, account_id)
    assert (row["name"], row["minimum"], row["version"]) == ("rent", 1000, 3)
    [message] = await bench.sent("AccountChanged")
    assert AccountChanged.model_validate_json(message.value).minimum == 1000
    assert message.headers["ce_sequence"] == "3"


async def test_an_empty_account_is_closed(bench: Bench) -> None:
    account_id = await opened(bench)
    assert (await done(bench, CloseAccount(account_id=account_id)))["is_closed"] is True
    assert (await row_of(bench, tables.accounts, account_id))["is_closed"] is True
    [message] = await bench.sent("AccountClosed")
    assert AccountClosed.model_validate_json(message.value).account_id == account_id


async def test_a_credit_comes_from_the_funding_account_and_a_debit_goes_there(
    bench: Bench,
) -> None:
    account_id = await opened(bench)
    await done(bench, credit(account_id, 5000))
    view = await done(bench, debit(account_id, 1250, description="cash", metadata={"till": "2"}))
    assert (view["amount"], view["type"], view["description"]) == ("12.50", "debit", "cash")
    assert view["metadata"] == {"till": "2"}
    assert await money(bench, account_id) == (3750, 0)
    assert await money(bench, house_id("main", "funding", "EUR")) == (-3750, 0)
    assert await is_balanced(bench)


async def test_a_transfer_announces_both_its_entries(bench: Bench) -> None:
    source, target = await funded(bench), await opened(bench)
    command = transfer(source, target, 1000, owner_id=OWNER)
    await done(bench, command)
    event = TransactionPosted.model_validate_json((await bench.sent("TransactionPosted"))[-1].value)
    assert [(e.account_id, e.amount, e.balance) for e in event.entries] == [
        (source, -1000, 4000),
        (target, 1000, 1000),
    ]
    assert event.transaction_id == command.transaction_id
    assert await is_balanced(bench)


async def test_a_journal_moves_all_its_postings_and_each_currency_sums_to_zero(
    bench: Bench,
) -> None:
    euros, more_euros = await funded(bench), await opened(bench)
    yen, more_yen = await funded(bench, 700, currency="JPY"), await opened(bench, currency="JPY")
    command = PostJournal(
        transaction_id=new_id(),
        postings=[
            Posting(source_id=euros, target_id=more_euros, amount=1250, currency="EUR"),
            Posting(source_id=yen, target_id=more_yen, amount=7, currency="JPY"),
            Posting(source_id=more_euros, target_id=euros, amount=50, currency="EUR"),
        ],
    )
    view = await done(bench, command)
    assert (view["type"], view["amount"], view["currency"]) == ("journal", None, None)
    assert [posting["amount"] for posting in view["postings"]] == ["12.50", "7", "0.50"]
    for account_id, balance in ((euros, 3800), (more_euros, 1200), (yen, 693), (more_yen, 7)):
        assert await money(bench, account_id) == (balance, 0)
    entries = await stored(bench, tables.entries)
    mine = [row for row in entries if row["transaction_id"] == command.transaction_id]
    assert (len(mine), sum(row["amount"] for row in mine)) == (6, 0)
    assert await is_balanced(bench)


async def test_a_journal_is_posted_whole_or_not_at_all(bench: Bench) -> None:
    source, target = await funded(bench), await opened(bench)
    legs = [(source, target, 5000), (source, target, 1)]
    postings = [
        Posting(source_id=one, target_id=other, amount=amount, currency="EUR")
        for one, other, amount in legs
    ]
    [outcome] = await send(bench, PostJournal(transaction_id=new_id(), postings=postings))
    problem = problem_of(outcome, "insufficient-funds")
    assert (problem["requested"], problem["available"]) == ("0.01", "0.00")
    assert await money(bench, source) == (5000, 0)
    assert await money(bench, target) == (0, 0)


async def test_a_hold_is_captured_in_part_and_the_rest_is_available_again(bench: Bench) -> None:
    account_id = await funded(bench)
    hold_id = await held(bench, account_id)
    assert await money(bench, account_id) == (5000, 2000)
    transaction = await done(bench, capture(hold_id, 1500))
    assert (transaction["amount"], transaction["type"]) == ("15.00", "transfer")
    assert await money(bench, account_id) == (3500, 0)
    assert await money(bench, house_id("main", "sales", "EUR")) == (1500, 0)
    [placed], [captured] = await bench.sent("HoldPlaced"), await bench.sent("HoldCaptured")
    assert HoldPlaced.model_validate_json(placed.value).amount == 2000
    assert HoldCaptured.model_validate_json(captured.value).captured == 1500
    assert (placed.headers["ce_sequence"], captured.headers["ce_sequence"]) == ("1", "2")
    assert await is_balanced(bench)


async def test_a_hold_is_voided_whole(bench: Bench) -> None:
    account_id = await funded(bench)
    hold_id = await held(bench, account_id)
    assert (await done(bench, VoidHold(hold_id=hold_id)))["status"] == "voided"
    assert await money(bench, account_id) == (5000, 0)
    row = await row_of(bench, tables.holds, hold_id)
    assert (row["status"], row["captured"], row["version"]) == ("voided", 0, 2)


async def test_a_batch_is_applied_in_order_and_a_refusal_in_it_spoils_nothing(
    bench: Bench,
) -> None:
    account_id = await opened(bench)
    outcomes = await send(
        bench,
        credit(account_id, 1000),
        debit(account_id, 1001),
        debit(account_id, 400),
        debit(account_id, 601),
        debit(account_id, 600),
    )
    states = [outcome.state for outcome in outcomes]
    assert states == ["succeeded", "refused", "succeeded", "refused", "succeeded"]
    assert problem_of(outcomes[3], "insufficient-funds")["available"] == "6.00"
    assert await money(bench, account_id) == (0, 0)
    assert await is_balanced(bench)


async def test_what_one_command_of_a_batch_makes_the_next_may_use(bench: Bench) -> None:
    account, other = opening(), opening()
    placing = hold(account.account_id, 500)
    outcomes = await send(
        bench,
        account,
        other,
        credit(account.account_id, 1000),
        transfer(account.account_id, other.account_id, 300),
        ChangeAccount(account_id=other.account_id, name="mine"),
        placing,
        capture(placing.hold_id, 400),
    )
    assert [outcome.state for outcome in outcomes] == ["succeeded"] * 7
    row = await row_of(bench, tables.accounts, other.account_id)
    assert (row["posted"], row["name"], row["version"]) == (300, "mine", 3)


async def test_every_posting_is_the_next_link_of_the_chain(bench: Bench) -> None:
    account_id = await funded(bench)
    await send(bench, debit(account_id, 1), debit(account_id, 10_000), debit(account_id, 2))
    rows = sorted(await stored(bench, tables.transactions), key=lambda row: row["number"])
    assert [row["number"] for row in rows] == [1, 2, 3, 4]
    assert [row["posting"] for row in rows] == [1, 2, None, 3]
    [book] = await stored(bench, tables.books)
    assert (book["transactions"], book["postings"]) == (4, 3)
    assert book["link"] == rows[-1]["link"] != FIRST_LINK
    assert rows[2]["link"] is None


async def test_a_command_for_a_book_that_is_not_there_is_refused(bench: Bench) -> None:
    account_id = await opened(bench)
    commands = [
        credit(account_id, 1, book="nowhere"),
        opening(book="nowhere"),
        VoidHold(hold_id=uuid4(), book="nowhere"),
    ]
    outcomes = await send(bench, *commands, credit(account_id, 5))
    for outcome in outcomes[:3]:
        problem_of(outcome, "book-not-found")
    assert outcomes[3].state == "succeeded"
    assert [outcome.state for outcome in await send(bench, *commands)] == ["refused"] * 3


async def test_a_service_that_was_started_anew_knows_the_accounts_of_the_house(
    bench: Bench, migrated_url: str
) -> None:
    account_id = await funded(bench)
    await done(bench, capture(await held(bench, account_id)))
    placing = hold(account_id, 500)
    async with bench_on(migrated_url).running() as restarted:
        outcomes = await send(restarted, placing, capture(placing.hold_id), credit(account_id, 1))
    assert [outcome.state for outcome in outcomes] == ["succeeded"] * 3
    assert await money(bench, house_id("main", "sales", "EUR")) == (2500, 0)
    assert await money(bench, house_id("main", "funding", "EUR")) == (-5001, 0)


async def test_nobody_opens_an_account_under_the_id_of_one_of_the_house(bench: Bench) -> None:
    command = OpenAccount(
        account_id=house_id("main", "sales", "USD"), owner_id=OWNER, currency="USD"
    )
    await refused(bench, command, "already-exists")
