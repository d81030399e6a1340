"""Commands of every kind about few things, so that they meet and many of them are refused."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from hypothesis import strategies as st

from contracts import ledger as messages
from contracts.ledger import LedgerCommand, PostTransaction
from contracts.money import MAX_MINOR_UNITS

START: Final = datetime(2030, 1, 1, tzinfo=UTC)
"""What expires does so around then."""

OWNERS = [UUID(int=100), UUID(int=101)]
accounts = st.sampled_from([UUID(int=n) for n in (1, 1, 1, 2, 2, 2, 3, 4)])
moved, pending, held = ([UUID(int=n) for n in ids] for ids in (range(10, 15), (15, 16), (17, 18)))
transactions = st.sampled_from([*moved, *pending])
new_ids = st.integers(20, 40).map(lambda n: UUID(int=n))
amounts = st.integers(0, 200).map(lambda n: n or MAX_MINOR_UNITS)
currencies = st.sampled_from(["EUR"] * 9 + ["JPY"])
owners = st.sampled_from([None] * 4 + OWNERS)
moments = st.sampled_from([None] * 4 + [START + timedelta(seconds=n) for n in (-5, 5, 20, 50)])
parts: st.SearchStrategy[dict[str, Any]] = st.just({}) | st.fixed_dictionaries(
    {"amount": amounts, "currency": currencies}
)
money = {"amount": amounts, "currency": currencies}


def commands_of(command: type[LedgerCommand], /, **values: Any) -> st.SearchStrategy[LedgerCommand]:
    part = values.pop("part", st.just({}))
    return st.builds(
        lambda members, more: command(**members, **more), st.fixed_dictionaries(values), part
    )


posting = st.fixed_dictionaries({"source_id": accounts, "target_id": accounts} | money)

commands = st.one_of(
    commands_of(
        messages.OpenAccount,
        account_id=accounts,
        owner_id=st.sampled_from(OWNERS),
        currency=currencies,
        minimum=st.integers(-100, 10),
    ),
    commands_of(
        messages.ChangeAccount,
        account_id=accounts,
        owner_id=owners,
        name=st.none() | st.text("a'é😀", max_size=3),
        expected_version=st.none() | st.integers(1, 9),
        currency=st.none() | currencies,
        minimum=st.none() | st.integers(-100, 100),
    ),
    commands_of(messages.CloseAccount, account_id=accounts, owner_id=owners),
    commands_of(
        PostTransaction,
        kind=st.sampled_from(["credit", "debit"]),
        transaction_id=st.sampled_from(pending),
        account_id=accounts,
        is_pending=st.just(True),
        expires_at=moments,
        **money,
    ),
    commands_of(
        PostTransaction,
        kind=st.sampled_from(["credit", "debit"]),
        transaction_id=st.sampled_from(moved),
        account_id=accounts,
        metadata=st.dictionaries(st.text("k", max_size=2), st.text('"é', max_size=2), max_size=2),
        **money,
    ),
    commands_of(
        PostTransaction,
        kind=st.just("transfer"),
        transaction_id=transactions,
        account_id=accounts,
        to_account_id=accounts,
        owner_id=owners,
        is_pending=st.sampled_from([False, False, True]),
        **money,
    ),
    commands_of(
        messages.PostJournal,
        transaction_id=transactions,
        postings=st.lists(posting, min_size=1, max_size=3),
    ),
    commands_of(messages.CompleteTransaction, transaction_id=st.sampled_from(pending), part=parts),
    commands_of(messages.CancelTransaction, transaction_id=transactions),
    commands_of(messages.ReverseTransaction, transaction_id=new_ids, reversed_id=transactions),
    commands_of(
        messages.RefundTransaction, transaction_id=new_ids, refunded_id=transactions, part=parts
    ),
    commands_of(
        messages.PlaceHold,
        hold_id=st.sampled_from(held),
        account_id=accounts,
        expires_at=moments,
        **money,
    ),
    commands_of(
        messages.CaptureHold,
        hold_id=st.sampled_from([*held, *pending]),
        transaction_id=new_ids,
        part=parts,
    ),
    commands_of(messages.VoidHold, hold_id=st.sampled_from([*held, *pending])),
    commands_of(messages.ExpireHold, hold_id=st.sampled_from([*held, *pending])),
)
