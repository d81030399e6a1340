from typing import Any, get_args
from uuid import UUID, uuid4

import pytest
from services.ledger.tests.unit.accounts import a_hold, a_posting, a_transaction

from contracts import ledger as messages
from contracts.contract import Message
from contracts.ledger import LedgerCommands, PostTransaction
from contracts.ledger_events import HoldVoided
from ledger.application.house import house_id
from ledger.application.needs import Needs, needs_of

COMMANDS: tuple[type[Message], ...] = get_args(get_args(LedgerCommands)[0])

ONE, OTHER, THIRD, FOURTH = (UUID(int=n) for n in range(1, 5))
FUNDING, SALES = house_id("main", "funding", "EUR"), house_id("main", "sales", "EUR")
MONEY: dict[str, Any] = {"amount": 5, "currency": "EUR"}

NAMED: dict[type[Message], tuple[dict[str, Any], Needs]] = {
    messages.OpenAccount: (
        {"account_id": ONE, "owner_id": uuid4(), "currency": "EUR"},
        Needs({ONE}),
    ),
    messages.ChangeAccount: ({"account_id": ONE}, Needs({ONE})),
    messages.CloseAccount: ({"account_id": ONE}, Needs({ONE})),
    messages.PostTransaction: (
        {"kind": "transfer", "transaction_id": ONE, "account_id": OTHER, "to_account_id": THIRD}
        | MONEY,
        Needs({OTHER, THIRD}, set(), {ONE}),
    ),
    messages.PostJournal: (
        {
            "transaction_id": ONE,
            "postings": [{"source_id": OTHER, "target_id": THIRD} | MONEY],
        },
        Needs({OTHER, THIRD}, set(), {ONE}),
    ),
    messages.CompleteTransaction: ({"transaction_id": ONE}, Needs(set(), {ONE}, {ONE})),
    messages.CancelTransaction: ({"transaction_id": ONE}, Needs(set(), {ONE}, {ONE})),
    messages.ReverseTransaction: (
        {"transaction_id": ONE, "reversed_id": OTHER},
        Needs(set(), set(), {ONE, OTHER}),
    ),
    messages.RefundTransaction: (
        {"transaction_id": ONE, "refunded_id": OTHER},
        Needs(set(), set(), {ONE, OTHER}),
    ),
    messages.PlaceHold: (
        {"hold_id": ONE, "account_id": OTHER} | MONEY,
        Needs({OTHER, SALES}, {ONE}),
    ),
    messages.CaptureHold: (
        {"hold_id": ONE, "transaction_id": OTHER},
        Needs(set(), {ONE}, {ONE, OTHER}),
    ),
    messages.VoidHold: ({"hold_id": ONE}, Needs(set(), {ONE}, {ONE})),
    messages.ExpireHold: ({"hold_id": ONE}, Needs(set(), {ONE}, {ONE})),
}


def post(kind: Any, **values: Any) -> PostTransaction:
    known = {"transaction_id": ONE, "account_id": OTHER} | MONEY
    return PostTransaction(kind=kind, **known | values)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_all_that_a_command_names_is_loaded(command: type[Message]) -> None:
    values, needs = NAMED[command]
    assert needs_of([command(**values)]) == {"main": needs}


@pytest.mark.parametrize("kind", ["credit", "debit"])
def test_a_credit_and_a_debit_need_the_funding_account(kind: str) -> None:
    assert needs_of([post(kind)]) == {"main": Needs({OTHER, FUNDING}, set(), {ONE})}


def test_a_pending_transaction_needs_the_hold_with_its_id() -> None:
    needs = Needs({OTHER, FUNDING}, {ONE}, {ONE})
    assert needs_of([post("debit", is_pending=True)]) == {"main": needs}


def test_each_book_needs_its_own() -> None:
    needs = needs_of([post("debit"), post("debit", book="other", account_id=THIRD)])
    assert needs["main"].accounts == {OTHER, FUNDING}
    assert needs["other"].accounts == {THIRD, house_id("other", "funding", "EUR")}


def test_what_was_loaded_leads_to_its_accounts() -> None:
    hold = a_hold(account_id=ONE, target_id=OTHER)
    postings = (a_posting(source_id=ONE, target_id=THIRD), a_posting(source_id=FOURTH))
    needs = Needs()
    needs.follow([hold], [a_transaction(postings=postings)])
    assert needs.accounts == {ONE, OTHER, SALES, THIRD, FOURTH, postings[1].target_id}


def test_a_message_that_is_no_command_of_the_ledger_needs_nothing() -> None:
    captured = HoldVoided(hold_id=ONE, account_id=OTHER)
    assert needs_of([captured]) == {}
