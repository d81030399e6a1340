from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from ledger.domain.account import Account
from ledger.domain.book import Book
from ledger.domain.chain import FIRST_LINK
from ledger.domain.changes import Head
from ledger.domain.hold import Hold
from ledger.domain.transaction import Posting, Transaction

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def an_account(**values: Any) -> Account:
    known: dict[str, Any] = {
        "id": uuid4(),
        "book": "main",
        "owner_id": uuid4(),
        "kind": "customer",
        "currency": "EUR",
        "name": "savings",
        "created_at": NOW,
    }
    return Account(**known | values)


def a_house_account(**values: Any) -> Account:
    return an_account(**{"kind": "funding", "owner_id": None, "minimum": None} | values)


def a_hold(**values: Any) -> Hold:
    known: dict[str, Any] = {
        "id": uuid4(),
        "book": "main",
        "account_id": uuid4(),
        "amount": 30,
        "currency": "EUR",
        "description": "a lamp",
        "created_at": NOW,
    }
    return Hold(**known | values)


def a_posting(**values: Any) -> Posting:
    known: dict[str, Any] = {
        "source_id": uuid4(),
        "target_id": uuid4(),
        "amount": 30,
        "currency": "EUR",
    }
    return Posting(**known | values)


def a_transaction(**values: Any) -> Transaction:
    """A completed transfer of 30, without its entries."""
    known: dict[str, Any] = {
        "id": uuid4(),
        "book": "main",
        "number": 1,
        "reference_id": "TXN-0123456789AB",
        "kind": "transfer",
        "status": "completed",
        "amount": 30,
        "currency": "EUR",
        "postings": (a_posting(),),
        "description": "",
        "metadata": {},
        "created_at": NOW,
        "ended_at": NOW,
    }
    return Transaction(**known | values)


def a_book(*accounts: Account) -> Book:
    """The book `main` with these accounts in memory, as if they were stored."""
    head = Head(
        name="main", number=0, epoch=1, transactions=0, postings=0, link=FIRST_LINK, last_at=NOW
    )
    book = Book(head)
    book.accounts.update((account.id, account) for account in accounts)
    return book
