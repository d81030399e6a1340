from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from ledger.application.reads import Wanted, is_about, is_wanted, share_of
from ledger.domain.transaction import Posting, Transaction, TransactionStatus

ME, OTHER = UUID(int=1), UUID(int=2)
MINE, THEIRS, OTHERS = UUID(int=11), UUID(int=12), UUID(int=13)
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def a_transaction(*postings: tuple[UUID, UUID, int, str], **values: Any) -> Transaction:
    known: dict[str, Any] = {
        "id": UUID(int=7),
        "book": "main",
        "number": 1,
        "reference_id": "TXN-7C0A91F2B6E4",
        "kind": "transfer",
        "status": "completed",
        "amount": sum(amount for _, _, amount, _ in postings),
        "currency": "EUR",
        "postings": tuple(Posting(*posting) for posting in postings),
        "description": "",
        "metadata": {},
        "created_at": NOW,
    }
    return Transaction(**known | values)


@pytest.mark.parametrize("status", ["pending", "cancelled", "failed", "completed"])
def test_what_arrives_is_somebodys_business_only_when_it_has_arrived(
    status: TransactionStatus,
) -> None:
    leaving = a_transaction((MINE, THEIRS, 5, "EUR"), status=status)
    arriving = a_transaction((THEIRS, MINE, 5, "EUR"), status=status)
    assert is_about(leaving, {MINE}, ME)
    assert is_about(arriving, {MINE}, ME) == (status == "completed")
    assert not is_about(leaving, {OTHERS}, ME)
    assert not is_about(leaving, set(), ME)


def test_what_somebody_else_has_tried_in_vain_is_staffs_business() -> None:
    for asked_by, is_shown in ((None, True), (ME, True), (OTHER, False)):
        failed = a_transaction((MINE, THEIRS, 5, "EUR"), status="failed", asked_by=asked_by)
        assert is_about(failed, {MINE}, ME) == is_shown
        assert is_about(failed, {MINE})


def test_a_filter_that_says_nothing_takes_everything() -> None:
    transaction = a_transaction((MINE, THEIRS, 5, "EUR"))
    assert is_wanted(transaction, Wanted())
    assert is_wanted(transaction, Wanted(status="completed", kind="transfer", account_id=THEIRS))
    for wanted in (Wanted(status="failed"), Wanted(kind="credit"), Wanted(account_id=OTHERS)):
        assert not is_wanted(transaction, wanted)


def test_a_persons_share_of_a_journal_has_its_own_amount() -> None:
    journal = a_transaction(
        (MINE, THEIRS, 5, "EUR"), (THEIRS, OTHERS, 7, "EUR"), (OTHERS, MINE, 1, "EUR")
    )
    mine = share_of(journal, {MINE})
    assert [posting.amount for posting in mine.postings] == [5, 1]
    assert (mine.amount, mine.currency) == (6, "EUR")
    assert (journal.amount, len(journal.postings)) == (13, 3)
    both = a_transaction((MINE, THEIRS, 5, "EUR"), (MINE, THEIRS, 7, "JPY"))
    assert (share_of(both, {MINE}).amount, share_of(both, {MINE}).currency) == (None, None)


def test_of_a_single_posting_both_sides_see_all() -> None:
    transaction = a_transaction((MINE, THEIRS, 5, "EUR"))
    assert share_of(transaction, {THEIRS}) is transaction
