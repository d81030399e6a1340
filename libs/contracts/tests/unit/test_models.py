from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.contract import Body, UtcDatetime
from contracts.ledger import CaptureRequest, OpenAccount, TransactionRequest


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
    with pytest.raises(ValidationError):
        moment.validate_json('"2026-01-01T12:00:00"')


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
