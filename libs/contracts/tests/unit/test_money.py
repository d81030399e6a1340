from decimal import Decimal, localcontext

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contracts.money import (
    MAX_MINOR_UNITS,
    AmountError,
    AmountText,
    CurrencyCode,
    DecimalText,
    MinorUnits,
    scale_of,
    to_decimal_text,
    to_minor_units,
)

CURRENCIES = {"JPY": 0, "EUR": 2, "KWD": 3, "CLF": 4}
SCALES = {0: "JPY", 1: "XX1", 2: "EUR", 3: "KWD", 4: "CLF"}

minor_units = st.integers(min_value=-MAX_MINOR_UNITS, max_value=MAX_MINOR_UNITS)
currencies = st.sampled_from(sorted(CURRENCIES))


@given(minor_units, currencies)
def test_an_amount_survives_the_way_to_text_and_back(minor: int, currency: str) -> None:
    assert to_minor_units(to_decimal_text(minor, currency), currency) == minor


@given(minor_units, currencies)
def test_text_shows_exactly_the_decimals_of_the_currency(minor: int, currency: str) -> None:
    _, _, fraction = to_decimal_text(minor, currency).partition(".")
    assert len(fraction) == CURRENCIES[currency]


@pytest.mark.parametrize("scale", SCALES)
@given(minor=minor_units | st.integers(-20_000, 20_000) | st.integers())
@example(minor=0)
@example(minor=-1)
@example(minor=-10_000)
def test_text_is_what_decimal_arithmetic_writes(scale: int, minor: int) -> None:
    with pytest.MonkeyPatch.context() as patch, localcontext(prec=400):
        patch.setattr("contracts.money.scale_of", {SCALES[scale]: scale}.__getitem__)
        assert to_decimal_text(minor, SCALES[scale]) == f"{Decimal(minor).scaleb(-scale):f}"


def test_an_amount_of_an_unknown_currency_has_no_text() -> None:
    with pytest.raises(AmountError):
        to_decimal_text(1, "XX1")


@given(minor_units, currencies)
def test_what_a_client_sees_is_what_a_client_may_send(minor: int, currency: str) -> None:
    TypeAdapter(DecimalText).validate_python(to_decimal_text(minor, currency))


@given(st.text(max_size=12) | st.from_regex(r"[-+]?[0-9.eE]{1,12}", fullmatch=True), currencies)
def test_any_text_is_an_amount_or_an_amount_error(text: str, currency: str) -> None:
    try:
        minor = to_minor_units(text, currency)
    except AmountError:
        return
    assert abs(minor) <= MAX_MINOR_UNITS


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.50", "EUR", 1250),
        ("12.5", "EUR", 1250),
        ("12", "EUR", 1200),
        ("-0.01", "EUR", -1),
        ("12", "JPY", 12),
        ("0.001", "KWD", 1),
        ("90071992547409.91", "EUR", MAX_MINOR_UNITS),
    ],
)
def test_plain_decimals_are_amounts(text: str, currency: str, minor: int) -> None:
    assert to_minor_units(text, currency) == minor


@pytest.mark.parametrize(
    "text",
    [
        "1e2", "1E2", "NaN", "Infinity", "-Infinity", "+1", "01", "00", "-01.00", "1.", ".5", "",
        " 1", "1 ", "1\n", "1,50", "1_000", "0x10", "--1", "-", "١٢", "1.234", "90071992547409.92",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(AmountError):
        to_minor_units(text, "EUR")


def test_a_currency_without_decimals_refuses_them() -> None:
    with pytest.raises(AmountError, match="JPY has 0 decimals"):
        to_minor_units("1.0", "JPY")


@pytest.mark.parametrize("code", ["XYZ", "eur", "", "EURO", "XAU"])
def test_a_code_that_is_no_currency_or_has_no_minor_unit_is_refused(code: str) -> None:
    with pytest.raises(AmountError):
        scale_of(code)
    with pytest.raises(ValidationError):
        TypeAdapter(CurrencyCode).validate_python(code)


@pytest.mark.parametrize("amount", [0, -1, 1.0, "1", True, MAX_MINOR_UNITS + 1])
def test_a_message_carries_positive_whole_minor_units_only(amount: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(MinorUnits).validate_python(amount)


def test_a_clients_amount_has_its_form_in_the_schema_and_a_plain_sentence_when_below_zero() -> None:
    amounts: TypeAdapter[str] = TypeAdapter(AmountText)
    assert amounts.json_schema()["pattern"] == r"^(0|[1-9]\d{0,15})(\.\d{1,4})?$"
    assert amounts.validate_python("12.50") == "12.50"
    with pytest.raises(ValidationError, match=r"'-1\.00' is not above zero"):
        amounts.validate_python("-1.00")
