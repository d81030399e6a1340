from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from ledger.domain.account import Account

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def an_account(**values: Any) -> Account:
    known: dict[str, Any] = {
        "id": uuid4(),
        "owner_id": uuid4(),
        "kind": "customer",
        "currency": "EUR",
        "name": "savings",
        "created_at": NOW,
    }
    return Account(**known | values)


def a_house_account(**values: Any) -> Account:
    return an_account(**{"kind": "funding", "owner_id": None} | values)
