"""Events and results whose JSON is written by hand are byte for byte what their models write."""

from datetime import UTC
from typing import Any, get_args
from uuid import UUID

from hypothesis import example, given
from hypothesis import strategies as st
from services.ledger.tests.unit.accounts import a_posting, a_transaction

from contracts.ledger import TransactionKind, TransactionStatus
from contracts.ledger_events import PostedEntry, TransactionPosted
from contracts.ledger_views import TransactionView
from contracts.money import MAX_MINOR_UNITS
from contracts.problems import Problem
from ledger.application.events import posted_event
from ledger.application.views import failure_of, transaction_json, transaction_view
from ledger.domain.account import Entry, Written
from ledger.domain.transaction import Posting, Transaction

texts = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    [
        '"',
        "\\",
        '\\"',
        "\n\r\t\b\f",
        "\x00\x1f\x7f\x80\u2028\u2029",
        "</script>",
        "Grüße 👩‍👩‍👧",
        "{}",
    ]
)
currencies = st.sampled_from(["EUR", "JPY", "KWD", "CLF"])
amounts = st.integers(1, MAX_MINOR_UNITS)
signed = st.integers(-MAX_MINOR_UNITS, MAX_MINOR_UNITS)
moments = st.datetimes(timezones=st.just(UTC))


@st.composite
def entries(draw: st.DrawFn, account_ids: st.SearchStrategy[UUID]) -> Entry:
    account_id, owner_id = draw(account_ids), draw(st.none() | st.uuids())
    said = Written(str(account_id), None if owner_id is None else str(owner_id), account_id.bytes)
    at_hand = draw(st.sampled_from([None, said]))
    version = draw(st.integers(1, 2**53))
    return Entry(account_id, owner_id, version, draw(signed), draw(signed), at_hand)


def entries_of(draw: st.DrawFn, postings: list[Posting]) -> tuple[Entry, ...]:
    """Of none yet, or two for each posting: where it leaves and where it arrives."""
    if draw(st.booleans()):
        return ()
    accounts = [id_ for posting in postings for id_ in (posting.source_id, posting.target_id)]
    return tuple(draw(entries(st.just(account_id))) for account_id in accounts)


@st.composite
def transactions(draw: st.DrawFn) -> Transaction:
    currency, amount = draw(currencies), draw(amounts)
    postings = [a_posting(amount=amount, currency=currency) for _ in range(draw(st.integers(1, 3)))]
    return a_transaction(
        id=draw(st.uuids()),
        kind=draw(st.sampled_from(get_args(TransactionKind))),
        status=draw(st.sampled_from(get_args(TransactionStatus))),
        amount=amount,
        currency=currency,
        postings=tuple(postings),
        description=draw(texts),
        metadata=draw(st.dictionaries(texts, texts, max_size=3)),
        created_at=draw(moments),
        ended_at=draw(st.none() | moments),
        corrects=draw(st.none() | st.uuids()),
        refunded=draw(st.just(0) | st.integers(0, amount)),
        is_reversed=draw(st.booleans()),
        entries=entries_of(draw, postings),
    )


def event_of(transaction: Transaction) -> TransactionPosted:
    return TransactionPosted(
        transaction_id=transaction.id,
        reference_id=transaction.reference_id,
        kind=transaction.kind,
        currency=transaction.currency,
        amount=transaction.amount,
        description=transaction.description,
        corrects=transaction.corrects,
        entries=[PostedEntry(**entry._asdict()) for entry in transaction.entries],
    )


@given(transactions())
@example(a_transaction(amount=None, currency=None, description='"\n\x7fé😀'))
def test_a_posted_event_is_what_its_model_writes(transaction: Transaction) -> None:
    event, written = event_of(transaction), posted_event(transaction)
    assert written.text == event.model_dump_json()
    assert (written.type, written.topic) == (event.type, event.topic)
    assert written.aggregate_id == event.aggregate_id


@given(transactions())
@example(a_transaction(description="é", metadata={"é\n": '"'}, ended_at=None))
def test_a_result_is_what_its_model_writes(transaction: Transaction) -> None:
    assert transaction_json(transaction).text == transaction_view(transaction).model_dump_json()


@given(transactions())
def test_a_result_says_what_the_transaction_is(transaction: Transaction) -> None:
    view = TransactionView.model_validate_json(transaction_json(transaction).text)
    assert view.id == transaction.id
    assert view.metadata == transaction.metadata
    assert view.description == transaction.description
    assert (view.created_at, view.ended_at) == (transaction.created_at, transaction.ended_at)
    assert len(view.postings) == (
        0 if len(transaction.postings) == 1 else len(transaction.postings)
    )


def test_a_failed_transaction_says_why() -> None:
    problem = Problem(type="/problems/insufficient-funds", title="Not enough money", status=422)
    failed: dict[str, Any] = {"status": "failed", "failure": problem.model_dump_json()}
    for transaction in (a_transaction(**failed), a_transaction(**failed, postings=())):
        assert failure_of(transaction) == "insufficient-funds"
        view = TransactionView.model_validate_json(transaction_json(transaction).text)
        assert (view.status, view.failure) == ("failed", "insufficient-funds")
    assert failure_of(a_transaction()) is None


def test_a_journal_of_several_currencies_has_postings_and_no_amount() -> None:
    postings = (a_posting(amount=1250), a_posting(amount=7, currency="JPY"))
    journal = a_transaction(kind="journal", postings=postings, amount=None, currency=None)
    view = TransactionView.model_validate_json(transaction_json(journal).text)
    assert (view.amount, view.currency, view.account_id) == (None, None, None)
    assert [(p.amount, p.currency) for p in view.postings] == [("12.50", "EUR"), ("7", "JPY")]
