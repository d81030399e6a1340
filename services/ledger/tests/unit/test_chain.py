from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.ledger.tests.unit.accounts import NOW, a_transaction

from ledger.domain.account import Entry
from ledger.domain.chain import FIRST_LINK, link_of, microseconds

ENTRIES = (
    Entry(UUID(int=1), None, 5, -30, 70),
    Entry(UUID(int=2), UUID(int=9), 6, 10, 10),
    Entry(UUID(int=3), UUID(int=9), 7, 20, 20),
)
POSTED = a_transaction(posting=7, number=8, entries=ENTRIES, description="rent")

texts = st.text(max_size=12)
metadata = st.dictionaries(texts, texts, max_size=3)


def link(previous: bytes = FIRST_LINK, **changes: Any) -> bytes:
    return link_of(previous, replace(POSTED, **changes))


def test_a_link_is_the_same_for_the_same_transaction() -> None:
    assert link() == link()
    assert len(link()) == 32


def test_a_link_depends_on_the_one_before_it() -> None:
    assert link(previous=bytes(31) + b"\1") != link()


@pytest.mark.parametrize(
    "change",
    [
        {"id": uuid4()},
        {"number": 9},
        {"posting": 8},
        {"kind": "debit"},
        {"postings": (POSTED.postings[0]._replace(currency="KWD"),)},
        {"corrects": uuid4()},
        {"description": "Rent"},
        {"metadata": {"month": "May"}},
        {"created_at": NOW + timedelta(microseconds=1)},
        {"ended_at": NOW + timedelta(microseconds=1)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_any_change_of_a_transaction_breaks_its_link(change: dict[str, Any]) -> None:
    assert link(**change) != link()


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize(
    "change",
    [{"account_id": uuid4()}, {"version": 99}, {"amount": 99}, {"balance": 99}],
    ids=lambda change: next(iter(change)),
)
def test_any_change_of_an_entry_breaks_the_link(which: int, change: dict[str, Any]) -> None:
    entries = list(ENTRIES)
    entries[which] = entries[which]._replace(**change)
    assert link(entries=tuple(entries)) != link()


@pytest.mark.parametrize("which", [0, 1, 2])
def test_an_entry_that_is_removed_or_doubled_breaks_the_link(which: int) -> None:
    assert link(entries=ENTRIES[:which] + ENTRIES[which + 1 :]) != link()
    assert link(entries=(*ENTRIES, ENTRIES[which])) != link()


def test_the_order_in_which_entries_are_read_does_not_matter() -> None:
    assert {link(entries=entries) for entries in permutations(ENTRIES)} == {link()}


def test_the_order_of_metadata_does_not_matter() -> None:
    assert link(metadata={"a": "1", "b": "2"}) == link(metadata={"b": "2", "a": "1"})


@given(texts, metadata, texts, metadata)
def test_two_texts_never_pass_for_one_another(
    text: str, data: dict[str, str], other_text: str, other_data: dict[str, str]
) -> None:
    one = link(description=text, metadata=data)
    other = link(description=other_text, metadata=other_data)
    assert (one == other) == ((text, data) == (other_text, other_data))


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_text_does_not_pass_for_an_entry(entry: Entry) -> None:
    tail = f"|{entry.account_id},{entry.version},{entry.amount},{entry.balance}"
    rest = tuple(one for one in ENTRIES if one is not entry)
    for text in (f"rent{tail}", f'rent"]{tail}', f'rent", {{}}]{tail}', tail):
        assert link(description=text, entries=rest) != link()


@given(st.datetimes().map(lambda moment: moment.replace(tzinfo=NOW.tzinfo)))
def test_moments_are_counted_exactly(moment: Any) -> None:
    assert NOW + timedelta(microseconds=microseconds(moment) - microseconds(NOW)) == moment


def test_what_has_not_ended_has_no_link() -> None:
    with pytest.raises(AssertionError, match="has ended"):
        link(ended_at=None)
