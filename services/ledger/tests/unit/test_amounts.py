"""What is no amount never reaches the ledger: not as a command, and not as a request."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from contracts.ledger import (
    CaptureHold,
    CompleteTransaction,
    PlaceHold,
    Posting,
    PostTransaction,
    RefundTransaction,
)
from contracts.ledger_bodies import (
    AccountRequest,
    CaptureRequest,
    HoldRequest,
    PostingBody,
    RefundRequest,
    TransactionRequest,
)
from contracts.money import MAX_MINOR_UNITS, AmountError, to_minor_units

ID = UUID(int=1)
OTHER = UUID(int=2)

COMMANDS: list[tuple[Any, dict[str, Any]]] = [
    (PostTransaction, {"transaction_id": ID, "account_id": ID, "kind": "credit"}),
    (Posting, {"source_id": ID, "target_id": OTHER}),
    (PlaceHold, {"hold_id": ID, "account_id": ID}),
    (CaptureHold, {"hold_id": ID, "transaction_id": OTHER}),
    (CompleteTransaction, {"transaction_id": ID}),
    (RefundTransaction, {"transaction_id": ID, "refunded_id": OTHER}),
]
BODIES: list[tuple[Any, dict[str, Any]]] = [
    (TransactionRequest, {"type": "credit", "account_id": ID}),
    (PostingBody, {"source_id": ID, "target_id": OTHER}),
    (HoldRequest, {"account_id": ID}),
    (CaptureRequest, {}),
    (RefundRequest, {}),
]
NO_MINOR_UNITS = {
    "negative": -1,
    "zero": 0,
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "exponent": "1e3",
    "a float": 1.0,
    "a fraction": 1.5,
    "text": "100",
    "a decimal": Decimal(100),
    "true": True,
    "beyond the maximum": MAX_MINOR_UNITS + 1,
}
NO_AMOUNTS = {
    "negative": "-1.00",
    "NaN": "NaN",
    "Infinity": "Infinity",
    "-Infinity": "-Infinity",
    "exponent": "1e3",
    "plus": "+1.00",
    "a number": 1.5,
    "a whole number": 100,
    "no digits": ".",
    "no whole": ".50",
    "no fraction": "1.",
    "leading zero": "01.00",
    "other digits": "\uff11.00",
    "separator": "1_000",
    "comma": "1,00",
    "five decimals": "1.00000",
    "empty": "",
    "far beyond the maximum": "9" * 17,
}


def named(cases: list[tuple[Any, dict[str, Any]]]) -> list[Any]:
    return [pytest.param(model, values, id=model.__name__) for model, values in cases]


@pytest.mark.parametrize(("model", "values"), named(COMMANDS))
@pytest.mark.parametrize("amount", NO_MINOR_UNITS.values(), ids=NO_MINOR_UNITS)
def test_a_command_takes_nothing_but_whole_minor_units_above_zero(
    model: Any, values: dict[str, Any], amount: Any
) -> None:
    with pytest.raises(ValidationError) as refused:
        model(amount=amount, currency="EUR", **values)
    assert {error["loc"] for error in refused.value.errors()} == {("amount",)}


@pytest.mark.parametrize(("model", "values"), named(COMMANDS))
@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e2", "1.0", "-0", '"1"'])
def test_no_json_smuggles_another_amount_into_a_command(
    model: Any, values: dict[str, Any], text: str
) -> None:
    known = model(amount=7, currency="EUR", **values).model_dump_json()
    assert '"amount":7' in known
    with pytest.raises(ValidationError):
        model.model_validate_json(known.replace('"amount":7', f'"amount":{text}'))


@pytest.mark.parametrize(("model", "values"), named(COMMANDS))
@pytest.mark.parametrize("amount", [1, MAX_MINOR_UNITS])
def test_a_command_takes_the_smallest_and_the_largest_amount(
    model: Any, values: dict[str, Any], amount: int
) -> None:
    assert model(amount=amount, currency="EUR", **values).amount == amount


@pytest.mark.parametrize(("model", "values"), named(BODIES))
@pytest.mark.parametrize("amount", NO_AMOUNTS.values(), ids=NO_AMOUNTS)
def test_a_request_takes_nothing_but_plain_decimals(
    model: Any, values: dict[str, Any], amount: Any
) -> None:
    with pytest.raises(ValidationError) as refused:
        model(amount=amount, currency="EUR", **values)
    assert {error["loc"][0] for error in refused.value.errors()} == {"amount"}


@pytest.mark.parametrize(
    ("text", "currency"),
    [("1.001", "EUR"), ("1.5", "JPY"), ("1.0001", "KWD"), ("90071992547409.92", "EUR")],
)
def test_what_a_request_may_say_but_its_currency_does_not_have_is_no_amount(
    text: str, currency: str
) -> None:
    body = HoldRequest(account_id=ID, amount=text, currency=currency)
    with pytest.raises(AmountError) as refused:
        to_minor_units(body.amount, body.currency)
    assert refused.value.member == "amount"


@pytest.mark.parametrize("currency", ["XXX", "XAU", "ZZZ", "eur", "EU", "EURO", ""])
def test_what_has_no_minor_unit_is_no_currency(currency: str) -> None:
    with pytest.raises(ValidationError):
        HoldRequest(account_id=ID, amount="1", currency=currency)
    with pytest.raises(ValidationError):
        PlaceHold(hold_id=ID, account_id=ID, amount=1, currency=currency)


@pytest.mark.parametrize("model", [CaptureRequest, RefundRequest])
@pytest.mark.parametrize("half", [{"amount": "1.00"}, {"currency": "EUR"}])
def test_an_amount_comes_with_its_currency(model: Any, half: dict[str, str]) -> None:
    model()
    with pytest.raises(ValidationError, match="go together"):
        model(**half)


def test_a_minimum_may_be_below_zero() -> None:
    body = AccountRequest(currency="EUR", minimum_balance="-50.00")
    assert body.minimum_balance is not None
    assert to_minor_units(body.minimum_balance, body.currency) == -5000
