from typing import Any

import pytest
from services.ledger.tests.unit.accounts import a_posting, a_transaction

from ledger.domain.refusals import (
    NotCorrectable,
    RefundBeyondTransaction,
    TransactionNotPending,
)
from ledger.domain.transaction import Posting

NOT_COMPLETED = ["pending", "failed", "cancelled"]


@pytest.mark.parametrize(
    ("kind", "account", "to_account"),
    [
        ("credit", "target_id", None),
        ("debit", "source_id", None),
        ("transfer", "source_id", "target_id"),
        ("refund", "source_id", "target_id"),
        ("reversal", "source_id", "target_id"),
        ("journal", "source_id", "target_id"),
    ],
)
def test_a_transaction_names_the_customers_account_first(
    kind: Any, account: str, to_account: str | None
) -> None:
    transaction = a_transaction(kind=kind)
    [posting] = transaction.postings
    assert transaction.account_id == getattr(posting, account)
    assert transaction.to_account_id == (to_account and getattr(posting, to_account))


@pytest.mark.parametrize("count", [0, 2])
def test_a_transaction_without_or_with_several_postings_names_no_account(count: int) -> None:
    transaction = a_transaction(postings=tuple(a_posting() for _ in range(count)))
    assert transaction.account_id is None
    assert transaction.to_account_id is None


@pytest.mark.parametrize("kind", ["debit", "transfer"])
@pytest.mark.parametrize(("amount", "given"), [(None, 20), (1, 1), (20, 20)])
def test_a_refund_gives_back_what_is_left_or_part_of_it(
    kind: Any, amount: int | None, given: int
) -> None:
    transaction = a_transaction(kind=kind, refunded=10)
    [moved] = transaction.postings
    assert transaction.to_refund(amount) == Posting(moved.target_id, moved.source_id, given, "EUR")


@pytest.mark.parametrize(("refunded", "amount", "left"), [(0, 31, 30), (10, 21, 20), (30, 1, 0)])
def test_no_more_is_refunded_than_was_moved(refunded: int, amount: int, left: int) -> None:
    with pytest.raises(RefundBeyondTransaction) as refused:
        a_transaction(refunded=refunded).to_refund(amount)
    assert (refused.value.requested, refused.value.available) == (amount, left)
    assert refused.value.currency == "EUR"


def test_what_was_refunded_whole_is_not_refunded_again() -> None:
    with pytest.raises(RefundBeyondTransaction) as refused:
        a_transaction(refunded=30).to_refund(None)
    assert (refused.value.requested, refused.value.available) == (30, 0)


@pytest.mark.parametrize("kind", ["credit", "journal", "reversal", "refund"])
def test_only_what_was_paid_is_refunded(kind: Any) -> None:
    with pytest.raises(NotCorrectable, match=f"a {kind} is not refunded"):
        a_transaction(kind=kind).to_refund(1)


@pytest.mark.parametrize("status", NOT_COMPLETED)
def test_what_has_not_moved_is_not_taken_back(status: Any) -> None:
    transaction = a_transaction(status=status)
    with pytest.raises(NotCorrectable, match=f"it is {status}"):
        transaction.to_refund(None)
    with pytest.raises(NotCorrectable, match=f"it is {status}"):
        transaction.to_reverse()


@pytest.mark.parametrize("kind", ["credit", "debit", "transfer", "journal"])
def test_a_reversal_moves_everything_back_the_last_posting_first(kind: Any) -> None:
    postings = (a_posting(amount=1), a_posting(amount=2, currency="USD"))
    assert a_transaction(kind=kind, postings=postings).to_reverse() == (
        Posting(postings[1].target_id, postings[1].source_id, 2, "USD"),
        Posting(postings[0].target_id, postings[0].source_id, 1, "EUR"),
    )


@pytest.mark.parametrize("kind", ["reversal", "refund"])
def test_a_correction_is_not_reversed(kind: Any) -> None:
    with pytest.raises(NotCorrectable, match=f"a {kind} is not reversed"):
        a_transaction(kind=kind).to_reverse()


def test_what_was_reversed_is_neither_reversed_nor_refunded() -> None:
    transaction = a_transaction(is_reversed=True)
    with pytest.raises(NotCorrectable, match="it was reversed"):
        transaction.to_reverse()
    with pytest.raises(NotCorrectable, match="it was reversed"):
        transaction.to_refund(None)


def test_what_was_refunded_in_part_is_not_reversed() -> None:
    with pytest.raises(NotCorrectable, match="part of it was refunded"):
        a_transaction(refunded=1).to_reverse()


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
def test_only_what_is_pending_is_completed_or_cancelled(status: Any) -> None:
    a_transaction(status="pending").require_pending()
    with pytest.raises(TransactionNotPending) as refused:
        a_transaction(status=status).require_pending()
    assert refused.value.transaction_status == status
