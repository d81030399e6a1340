"""The organisation's own accounts: where money enters (funding) and where it is earned (sales)."""

from functools import lru_cache
from typing import Final, Literal
from uuid import UUID

from contracts.ids import derived_id
from ledger.domain.account import Account
from ledger.domain.book import Book

HouseKind = Literal["funding", "sales"]
HOUSE: Final[tuple[HouseKind, ...]] = ("funding", "sales")


@lru_cache(maxsize=1_000)
def house_id(book: str, kind: HouseKind, currency: str) -> UUID:
    return derived_id("account", book, kind, currency)


def funding(book: Book, currency: str) -> Account:
    return book.house(house_id(book.head.name, "funding", currency), "funding", currency)


def sales(book: Book, currency: str) -> Account:
    return book.house(house_id(book.head.name, "sales", currency), "sales", currency)
