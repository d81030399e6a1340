import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.domain.reference import LARGEST_BOOK, LARGEST_NUMBER, number_of, reference_of
from ledger.domain.refusals import BadReference

books = st.integers(0, LARGEST_BOOK)
numbers = st.integers(1, LARGEST_NUMBER)


@given(books, numbers)
@example(0, 1)
@example(LARGEST_BOOK, LARGEST_NUMBER)
def test_a_reference_leads_back_to_its_transaction(book: int, number: int) -> None:
    reference = reference_of(book, number)
    assert re.fullmatch(r"TXN-[0-9A-F]{12}", reference)
    assert number_of(reference) == (book, number)


@given(st.from_regex(r"TXN-[0-9A-F]{12}", fullmatch=True))
def test_every_reference_is_one_transactions_own(reference: str) -> None:
    book, number = number_of(reference)
    if number:
        assert reference_of(book, number) == reference


def test_a_hundred_thousand_transactions_have_as_many_references() -> None:
    references = {reference_of(book, n) for book in (0, 1) for n in range(1, 50_001)}
    assert len(references) == 100_000


def test_one_reference_does_not_show_the_next() -> None:
    neighbours = [int(reference_of(0, n).removeprefix("TXN-"), 16) for n in range(1, 1_001)]
    steps = {(after - before) % 2**48 for before, after in pairwise(neighbours)}
    assert len(steps) > 900


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "TXN-",
        "7C0A91F2B6E4",
        "TXN-7C0A91F2B6E",
        "TXN-7C0A91F2B6E44",
        "TXN-7C0A91F2B6EG",
        "TXN-7C0A_91F2B6E",
        "TXN-0x7C0A91F2B6",
        "TXN-+7C0A91F2B6E",
        "TXN--7C0A91F2B6E",
        "TXN- 7C0A91F2B6E",
        "TXN-\uff17C0A91F2B6E4",
        "TXN-TXN-7C0A91F2",
        "XXX-7C0A91F2B6E4",
    ],
)
def test_what_is_no_reference_is_refused(reference: str) -> None:
    with pytest.raises(BadReference) as refused:
        number_of(reference)
    assert refused.value.reference_id == reference


@given(st.text(max_size=20))
def test_any_text_is_a_reference_or_is_refused(text: str) -> None:
    try:
        number_of(text)
    except BadReference:
        return
    assert re.fullmatch(r"TXN-[0-9A-Fa-f]{12}", text)


def test_a_refusal_repeats_only_so_much_of_what_was_sent() -> None:
    with pytest.raises(BadReference) as refused:
        number_of("x" * 10_000)
    assert len(refused.value.reference_id) == 40


@pytest.mark.parametrize(
    ("book", "number"), [(-1, 1), (LARGEST_BOOK + 1, 1), (0, 0), (0, LARGEST_NUMBER + 1)]
)
def test_what_has_no_reference_is_a_mistake(book: int, number: int) -> None:
    with pytest.raises(AssertionError):
        reference_of(book, number)
