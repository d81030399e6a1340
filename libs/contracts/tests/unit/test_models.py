from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.contract import Body, UtcDatetime
from contracts.ledger import OpenAccount
from contracts.ledger_bodies import (
    AccountChange,
    AccountRequest,
    CaptureRequest,
    HoldRequest,
    JournalRequest,
    TransactionRequest,
)


class Name(Body):
    name: str


def test_a_body_strips_what_people_type_and_refuses_what_nobody_knows() -> None:
    assert Name.model_validate({"name": "  Ada "}).name == "Ada"
    with pytest.raises(ValidationError):
        Name.model_validate({"name": "Ada", "nmae": "?"})


def test_a_message_ignores_members_that_a_newer_sender_has_added() -> None:
    command = OpenAccount(account_id=uuid4(), owner_id=uuid4(), currency="EUR")
    newer = command.model_dump(mode="json") | {"colour": "red"}
    assert OpenAccount.model_validate(newer) == command


def test_a_message_never_changes() -> None:
    command = OpenAccount(account_id=uuid4(), owner_id=uuid4(), currency="EUR")
    with pytest.raises(ValidationError):
        setattr(command, "currency", "USD")  # noqa: B010


def test_a_moment_is_read_as_utc_and_needs_a_zone() -> None:
    moment = TypeAdapter(UtcDatetime)
    east = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert moment.validate_python(east) == datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert moment.validate_python(east).tzinfo is UTC
    for text in ("2026-01-01T12:00:00", "9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00"):
        with pytest.raises(ValidationError):
            moment.validate_python(text)


@pytest.mark.parametrize(
    ("kind", "destination", "sentence"),
    [
        ("transfer", None, "a transfer needs to_account_id"),
        ("credit", str(UUID(int=1)), "a credit has no to_account_id"),
        ("debit", str(UUID(int=1)), "a debit has no to_account_id"),
    ],
)
def test_a_destination_belongs_to_a_transfer_and_to_nothing_else(
    kind: str, destination: str | None, sentence: str
) -> None:
    with pytest.raises(ValidationError, match=sentence):
        TransactionRequest.model_validate(
            {
                "type": kind,
                "account_id": str(uuid4()),
                "to_account_id": destination,
                "amount": "1.00",
                "currency": "EUR",
            }
        )


@pytest.mark.parametrize("body", [{"amount": "1.00"}, {"currency": "EUR"}])
def test_an_amount_to_capture_comes_with_its_currency(body: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        CaptureRequest.model_validate(body)


NUMBERS = ["-1", "1e3", "NaN", "Infinity", "+1", " ", "1.00001", "99999999999999999", "01", "1,5"]


@pytest.mark.parametrize("amount", [*NUMBERS, 1, 1.5])
def test_an_amount_is_a_plain_decimal_and_never_a_number(amount: object) -> None:
    account = {"account_id": str(uuid4()), "currency": "EUR"}
    posting = {"source_id": str(uuid4()), "target_id": str(uuid4()), "currency": "EUR"}
    with pytest.raises(ValidationError):
        TransactionRequest.model_validate(account | {"type": "credit", "amount": amount})
    with pytest.raises(ValidationError):
        HoldRequest.model_validate(account | {"amount": amount})
    with pytest.raises(ValidationError):
        CaptureRequest.model_validate({"amount": amount, "currency": "EUR"})
    with pytest.raises(ValidationError):
        JournalRequest.model_validate({"postings": [posting | {"amount": amount}]})


@pytest.mark.parametrize("minimum", [number for number in NUMBERS if number != "-1"])
def test_a_minimum_is_a_plain_decimal_that_may_be_negative(minimum: str) -> None:
    good = AccountRequest.model_validate({"currency": "EUR", "minimum_balance": "-1"})
    assert good.minimum_balance == "-1"
    with pytest.raises(ValidationError):
        AccountRequest.model_validate({"currency": "EUR", "minimum_balance": minimum})


@pytest.mark.parametrize("body", [{"minimum_balance": "1"}, {"currency": "EUR"}])
def test_a_minimum_comes_with_its_currency(body: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="go together"):
        AccountChange.model_validate(body)


def test_a_change_of_an_account_changes_something() -> None:
    with pytest.raises(ValidationError, match="is needed"):
        AccountChange.model_validate({})


def test_only_what_is_pending_expires() -> None:
    body = {
        "type": "debit",
        "account_id": str(uuid4()),
        "amount": "1",
        "currency": "EUR",
        "expires_at": "2030-01-01T00:00:00Z",
    }
    assert TransactionRequest.model_validate(body | {"status": "pending"}).expires_at
    with pytest.raises(ValidationError, match="only a pending transaction expires"):
        TransactionRequest.model_validate(body)


@pytest.mark.parametrize(
    "metadata",
    [
        {f"k{number}": "v" for number in range(21)},
        {"k" * 41: "v"},
        {"": "v"},
        {"k": "v" * 501},
        {"k": 1},
        {"k": "a\0b"},
        {"a\0b": "v"},
    ],
)
def test_metadata_is_a_few_short_texts(metadata: dict[str, object]) -> None:
    body = {
        "type": "debit",
        "account_id": str(uuid4()),
        "amount": "1",
        "currency": "EUR",
        "metadata": {"order": "7"},
    }
    assert TransactionRequest.model_validate(body).metadata == {"order": "7"}
    with pytest.raises(ValidationError):
        TransactionRequest.model_validate(body | {"metadata": metadata})
